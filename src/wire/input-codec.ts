import type { InputBody, RunInput } from "../engine/input.ts";
import { isToken } from "../engine/names.ts";
import type { RunOutcome } from "../engine/run-outcome.ts";
import { countBodies } from "./count-bodies.ts";
import { type Decoded, decodeMessage, NEWER } from "./decoded.ts";
import type { millrace } from "./generated/millrace.js";
import { FORMAT, messages } from "./messages.ts";
import { payloadOf } from "./payload-codec.ts";

export function encodeInput({ inputId, sentAt, body }: RunInput): Uint8Array {
  return messages.Input.encode({ format: FORMAT, inputId, sentAt, ...toWire(body) }).finish();
}

/** Reads a message from an `in` subject; anything that is not an input comes back as foreign (I11). */
export function decodeInput(bytes: Uint8Array): Decoded<RunInput> {
  return decodeMessage(
    () => messages.Input.decode(bytes),
    (message, isNewer) => {
      if (isNewer) return NEWER;
      const { inputId, sentAt } = message;
      if (inputId === "") return "it has no id";
      const [body] = LIFTS.flatMap((lift) => lift(message) ?? []);
      // Of two bodies protobufjs keeps the last: neither is to be believed.
      if (body === undefined || countBodies(bytes, FIRST_BODY) > 1) return "its body is not known";
      return typeof body === "string" ? body : { inputId, sentAt, body };
    },
  );
}

/** Field numbers of proto/millrace/v1/millrace.proto. */
const FIRST_BODY = 10;

type WireInput = millrace.v1.Input.$Properties;

function toWire(body: InputBody): Partial<WireInput> {
  switch (body.type) {
    case "Wake":
      return { wake: { ...body, replaces: [...body.replaces] } };
    case "Signal":
      return { signal: body };
    case "Cancel":
      return { cancel: body };
    case "RunClosed":
      return { runClosed: { runId: body.runId, ...outcomeToWire(body.outcome) } };
    case "Watch":
      return { watch: body };
  }
}

/** One reader per body: nothing when it is not there, a reason when it makes no sense. */
const LIFTS: readonly ((input: WireInput) => InputBody | string | undefined)[] = [
  ({ wake }) => {
    if (wake == null) return undefined;
    const queue = wake.queue ?? "";
    if (queue !== "" && !isToken(queue)) return "its queue is not the name of one";
    const replaces = (wake.replaces ?? []).map(Number);
    return { type: "Wake", replaces, resume: wake.resume ?? false, queue };
  },
  ({ signal }) => {
    if (signal == null) return undefined;
    const name = signal.name ?? "";
    return name === ""
      ? "it is a signal without a name"
      : { type: "Signal", name, payload: payloadOf(signal.payload) };
  },
  ({ cancel }) => (cancel == null ? undefined : { type: "Cancel", reason: cancel.reason ?? "" }),
  ({ runClosed }) => {
    if (runClosed == null) return undefined;
    const runId = runClosed.runId ?? "";
    const outcome = outcomeFromWire(runClosed);
    if (runId === "" || outcome === undefined) return "it tells of no run's end";
    return { type: "RunClosed", runId, outcome };
  },
  ({ watch }) => {
    if (watch == null) return undefined;
    const runId = watch.runId ?? "";
    const queue = watch.queue ?? "";
    // The answer goes to a subject with this queue in it.
    return runId === "" || !isToken(queue)
      ? "it does not say who wants to know"
      : { type: "Watch", runId, queue };
  },
];

type WireOutcome = Omit<millrace.v1.RunClosed.$Properties, "runId">;

function outcomeToWire(outcome: RunOutcome): WireOutcome {
  const { RunStatus } = messages;
  switch (outcome.status) {
    case "completed":
      return { status: RunStatus.COMPLETED, output: outcome.output };
    case "failed":
      return { status: RunStatus.FAILED, error: outcome.error };
    case "crashed":
      return { status: RunStatus.CRASHED, crashes: outcome.crashes };
    case "cancelled":
      return { status: RunStatus.CANCELLED, reason: outcome.reason };
  }
}

function outcomeFromWire(wire: WireOutcome): RunOutcome | undefined {
  const { RunStatus } = messages;
  switch (wire.status) {
    case RunStatus.COMPLETED:
      return { status: "completed", output: payloadOf(wire.output) };
    case RunStatus.FAILED:
      return { status: "failed", error: payloadOf(wire.error), step: "" };
    case RunStatus.CRASHED:
      return { status: "crashed", crashes: wire.crashes ?? 0 };
    case RunStatus.CANCELLED:
      return { status: "cancelled", reason: wire.reason ?? "" };
    default:
      return undefined;
  }
}
