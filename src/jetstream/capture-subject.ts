import type { NatsConnection } from "@nats-io/nats-core";
import { withSubject } from "../engine/subject-match.ts";
import { BrokerError } from "../engine/usage-errors.ts";
import type { ControlStore } from "../ports/control-store.ts";
import { capturedStreamConfig } from "./bus-streams.ts";
import { jsRequest } from "./js-request.ts";
import { makeStream, streamInfo } from "./open-stream.ts";

/**
 * Adds a subject to those that the `captured` stream holds. The broker changes a stream without comparing, so what is to be
 * captured stands in a control record, changed by compare and set: whoever changes the stream gives it all of that, and looks
 * afterwards whether it has grown meanwhile.
 * @throws {@link BrokerError} when another stream holds such subjects, or the broker does not confirm it.
 */
export async function captureSubject(parts: CaptureParts, subject: string): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const record = await parts.control.read(RECORD);
    const held = record === undefined ? [] : subjectsIn(record.data);
    const wanted = withSubject(held, subject);
    const revision =
      wanted === held ? record?.revision : await write(parts, wanted, record?.revision ?? 0);
    if (revision === undefined) continue;
    try {
      await give(parts, wanted);
    } catch (error) {
      // What the broker refuses must not stand in the way of all that is captured later.
      if (wanted !== held) await write(parts, held, revision);
      throw error;
    }
    // Somebody else may have given it more before us, and we have taken that away.
    if ((await parts.control.read(RECORD))?.revision === revision) return;
  }
  throw new BrokerError(`Capturing ${subject} was not confirmed. Try again.`);
}

export interface CaptureParts {
  readonly connection: NatsConnection;
  readonly control: ControlStore;
  readonly namespace: string;
  readonly stream: string;
  readonly replicas: number;
}

const RECORD = "captured-subjects";
/** Each loss of a race is another's success. */
const MAX_TRIES = 100;

async function write(
  parts: CaptureParts,
  subjects: readonly string[],
  expected: number,
): Promise<number | undefined> {
  const data = new TextEncoder().encode(JSON.stringify({ subjects }));
  const outcome = await parts.control.write(RECORD, data, expected);
  return outcome.status === "written" ? outcome.sequence : undefined;
}

async function give(parts: CaptureParts, subjects: readonly string[]): Promise<void> {
  const { connection, stream, namespace, replicas } = parts;
  const info =
    (await streamInfo(connection, stream)) ??
    (await makeStream(connection, capturedStreamConfig(namespace, replicas, subjects)));
  const held = new Set(info.config.subjects);
  if (held.size === subjects.length && subjects.every((subject) => held.has(subject))) return;
  await jsRequest(connection, `STREAM.UPDATE.${stream}`, { ...info.config, subjects });
}

function subjectsIn(data: Uint8Array): readonly string[] {
  const record = JSON.parse(new TextDecoder().decode(data)) as { subjects: readonly string[] };
  return record.subjects;
}
