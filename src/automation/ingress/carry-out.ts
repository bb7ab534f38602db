import type { ClientHost } from "../../client/client-host.ts";
import { checkSignal, sendSignal } from "../../client/send-signal.ts";
import { cancelRun } from "../../client/stop-run.ts";
import { submit } from "../../client/submit.ts";
import type { AnyDefinition } from "../../definition/definition.ts";
import { keyFromInput } from "../../definition/name-from-input.ts";
import { MillraceError } from "../../engine/millrace-error.ts";
import { RunClosedError, RunNotFoundError } from "../../engine/run-errors.ts";
import { readHead } from "../../history/run-head.ts";
import { decodeInput } from "../../wire/input-codec.ts";
import { decodeValue } from "../../wire/value-codec.ts";
import type {
  CancelRequest,
  IngressInput,
  SignalRequest,
  SubmitRequest,
} from "./ingress-request.ts";

/** What came of carrying a message out. */
export type Carried =
  /** It is durable: the message can go. */
  | { readonly status: "done" }
  /** It can never be done as it is. */
  | { readonly status: "refused"; readonly reason: string }
  /** The run that it is for does not exist: it may be about to be submitted. */
  | { readonly status: "no run yet"; readonly reason: string }
  /** User code threw something of its own: it may have asked somebody who is away. */
  | { readonly status: "threw"; readonly reason: string }
  /** Something that is needed is away. */
  | { readonly status: "away"; readonly error: unknown };

/**
 * Does what a message asks for. Doing it again does nothing more: a submission has a key, a signal and a cancellation have an
 * id that is made of the message. Never throws.
 */
export async function carryOut(
  host: ClientHost,
  definition: AnyDefinition,
  request: SubmitRequest | SignalRequest | CancelRequest,
): Promise<Carried> {
  try {
    if (request.kind === "submit") await carrySubmit(host, definition, request);
    else if (request.kind === "signal") await carrySignal(host, request);
    else await carryCancel(host, request);
    return { status: "done" };
  } catch (error) {
    return failed(error);
  }
}

/** What stands between messages that must not overtake each other: those of one run. */
export function laneOf(
  definition: AnyDefinition,
  request: SubmitRequest | SignalRequest | CancelRequest,
): string {
  if (request.kind !== "submit") return request.run.id;
  const { flow, input, key, ownKey } = request;
  try {
    const made = input.kind === "value" ? keyFromInput(definition, input.value) : undefined;
    return `${flow}:${key ?? made ?? ownKey}`;
  } catch {
    return `${flow}:${ownKey}`; // It is refused when it is submitted.
  }
}

async function carrySubmit(
  host: ClientHost,
  definition: AnyDefinition,
  { input, key, ownKey, options }: SubmitRequest,
): Promise<void> {
  const value = await valueOf(host, input);
  const used = key ?? (definition.key === undefined ? ownKey : undefined);
  const all = used === undefined ? options : { ...options, key: used };
  await submit(host, definition, value, all, "none");
}

async function valueOf(host: ClientHost, input: IngressInput): Promise<unknown> {
  if (input.kind === "value") return input.value;
  try {
    return decodeValue(await host.payloads.open(input.payload));
  } catch (error) {
    if (error instanceof MillraceError && error.code !== "CODEC_ERROR") throw error;
    throw new DamagedInput(`its input cannot be decoded: ${String(error).slice(0, 200)}`);
  }
}

async function carrySignal(
  host: ClientHost,
  { run, name, value, id }: SignalRequest,
): Promise<void> {
  const signal = await checkSignal({ name, schema: undefined }, value);
  try {
    await sendSignal(host, run, signal, id);
  } catch (error) {
    // Handed out again after it was stored: the run may have received it, and ended.
    if (error instanceof RunClosedError && (await isInInbox(host, run, `signal/${name}/${id}`)))
      return;
    throw error;
  }
}

async function isInInbox(
  { broker: { log } }: ClientHost,
  run: SignalRequest["run"],
  inputId: string,
): Promise<boolean> {
  const { frame } = await readHead(log, run);
  if (frame === undefined) return false;
  const inbox = await log.inbox(run, frame.queue, 0);
  return inbox.some(({ data }) => {
    const decoded = decodeInput(data);
    return decoded.kind === "ok" && decoded.value.inputId === inputId;
  });
}

/** A run that has ended needs no cancelling: whoever asks for it could not know. */
async function carryCancel(host: ClientHost, { run, reason, id }: CancelRequest): Promise<void> {
  try {
    await cancelRun(host, run, reason, { inputId: `cancel/${id}`, writer: `client-${id}` });
  } catch (error) {
    if (!(error instanceof RunClosedError)) throw error;
  }
}

/** Bytes that say they are a value, and are none. */
class DamagedInput extends Error {}

function failed(error: unknown): Carried {
  if (error instanceof DamagedInput) return { status: "refused", reason: error.message };
  if (error instanceof RunNotFoundError) return { status: "no run yet", reason: error.message };
  if (!(error instanceof MillraceError)) return { status: "threw", reason: String(error) };
  return AWAY.has(error.code)
    ? { status: "away", error }
    : { status: "refused", reason: error.message };
}

/** Of what is not the message's fault: a broker, a blob store, or what a codec asks for its keys. */
const AWAY: ReadonlySet<string> = new Set([
  "BROKER_ERROR",
  "BLOB_STORE_ERROR",
  "CONNECTION_CLOSED",
  "CODEC_ERROR",
]);
