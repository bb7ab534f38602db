import type { Signal } from "../definition/signal.ts";
import { validate } from "../definition/standard-schema.ts";
import { isClosed } from "../engine/frame.ts";
import type { SignalInput } from "../engine/input.ts";
import { isPrintable } from "../engine/names.ts";
import type { PlainPayload } from "../engine/payload.ts";
import { RunClosedError, RunNotFoundError } from "../engine/run-errors.ts";
import type { RunRef } from "../engine/run-id.ts";
import { sortableId } from "../engine/sortable-id.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import { putInput } from "../history/put-input.ts";
import { readSubmission } from "../history/read-submission.ts";
import { readHead } from "../history/run-head.ts";
import { encodeValue } from "../wire/value-codec.ts";
import type { ClientHost } from "./client-host.ts";
import { Patience } from "./patience.ts";

/** A signal's value, checked and encoded. @throws {@link InputInvalidError}, {@link NotSerializableError} */
export async function checkSignal(
  { name, schema }: Pick<Signal, "name" | "schema">,
  value: unknown,
): Promise<PlainSignal> {
  await validate(`signal ${name}`, schema, value);
  return { name, payload: encodeValue(value, `The value of signal ${name}`) };
}

/** A signal whose value is not sealed yet. */
export interface PlainSignal {
  readonly name: string;
  readonly payload: PlainPayload;
}

/**
 * Puts a signal into a run's inbox. Resolves when it is durable: the run receives it whenever it asks for it, once.
 * @throws {@link RunClosedError}, {@link RunNotFoundError}, {@link PayloadTooLargeError}, {@link BrokerError},
 * {@link BlobStoreError}
 */
export async function sendSignal(
  host: ClientHost,
  run: RunRef,
  { name, payload }: PlainSignal,
  signalId?: string,
): Promise<void> {
  const what = `The value of signal ${name}`;
  const patience = new Patience(host, GIVE_UP_MS);
  const queue = await patience.ask(() => openQueueOf(host, run));
  // The same id each time: an input that is stored twice is folded once.
  const inputId =
    signalId === undefined
      ? sortableId(host.clock.now(), Math.random)
      : `signal/${name}/${signalId}`;
  const sealed = await patience.ask(async () => host.payloads.seal(payload, what));
  const input: SignalInput = { type: "Signal", name, payload: sealed };
  await patience.ask(() => putInput(host, run, queue, input, inputId));
}

/**
 * Refuses an id that cannot tell one signal from another.
 * @throws {@link InvalidOptionError}
 */
export function checkSignalId(id: string): void {
  if (typeof id === "string" && id !== "" && id.length <= 256 && isPrintable(id)) return;
  throw new InvalidOptionError(
    "signalId",
    id,
    "use 1 to 256 characters without control characters",
  );
}

/** The queue of a run that has not ended: where its inbox is. @throws {@link RunClosedError}, {@link RunNotFoundError} */
export async function openQueueOf(host: Pick<ClientHost, "broker">, run: RunRef): Promise<string> {
  const { log } = host.broker;
  const { frame } = await readHead(log, run);
  if (frame !== undefined) {
    if (isClosed(frame.status)) throw new RunClosedError(run.id, frame.status);
    return frame.queue;
  }
  const submission = await readSubmission(log, run);
  if (submission === undefined) throw new RunNotFoundError(run.id, log.namespace);
  return submission.queue;
}

const GIVE_UP_MS = 30_000;
