import type { Signal } from "../definition/signal.ts";
import { validate } from "../definition/standard-schema.ts";
import { PayloadTooLargeError } from "../engine/flow-errors.ts";
import { isClosed } from "../engine/frame.ts";
import type { SignalInput } from "../engine/input.ts";
import { RunClosedError, RunNotFoundError } from "../engine/run-errors.ts";
import type { RunRef } from "../engine/run-id.ts";
import { sortableId } from "../engine/sortable-id.ts";
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
): Promise<SignalInput> {
  await validate(`signal ${name}`, schema, value);
  return { type: "Signal", name, payload: encodeValue(value, `The value of signal ${name}`) };
}

/**
 * Puts a signal into a run's inbox. Resolves when it is durable: the run receives it whenever it asks for it, once.
 * @throws {@link RunClosedError}, {@link RunNotFoundError}, {@link PayloadTooLargeError}, {@link BrokerError}
 */
export async function sendSignal(
  host: ClientHost,
  run: RunRef,
  input: SignalInput,
  signalId?: string,
): Promise<void> {
  const { log } = host.broker;
  const what = `The value of signal ${input.name}`;
  const limit = log.maxMessageBytes - HEADROOM_BYTES;
  const size = input.payload.data.length;
  if (size > limit) throw new PayloadTooLargeError(what, size, limit);
  const patience = new Patience(host, GIVE_UP_MS);
  const queue = await patience.ask(() => openQueueOf(host, run));
  // The same id each time: an input that is stored twice is folded once.
  const inputId = signalId ?? sortableId(host.clock.now(), Math.random);
  await patience.ask(() => putInput(host, run, queue, input, inputId));
}

/** The queue of a run that has not ended: where its inbox is. @throws {@link RunClosedError}, {@link RunNotFoundError} */
export async function openQueueOf(host: ClientHost, run: RunRef): Promise<string> {
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
const HEADROOM_BYTES = 4_096;
