import type { Annotations, Progress } from "../engine/annotations.ts";
import type { Frame, FrameStatus } from "../engine/frame.ts";
import { isToken } from "../engine/names.ts";
import type {
  ActivationReason,
  FoldedKind,
  ParentClosePolicy,
  ParkReason,
  RunEvent,
} from "../engine/run-event.ts";
import { attributesOf, attributesToWire } from "./attribute-codec.ts";
import { bodyReaders } from "./body-readers.ts";
import { type Decoded, decodeMessage } from "./decoded.ts";
import { withChecksum } from "./frame-checksum.ts";
import type { millrace } from "./generated/millrace.js";
import { FORMAT, messages } from "./messages.ts";
import { blobRefOf, payloadOf } from "./payload-codec.ts";
import { type WireEvent as ReadEvent, readFrame } from "./read-frame.ts";
import { submissionFromWire, submissionToWire } from "./submission-codec.ts";

/** A frame's bytes as they stand on a run's history subject. */
export function encodeFrame(frame: Frame): Uint8Array {
  const { prev, epoch, writer, inboxFolded, token, queue, annotated } = frame;
  const status = STATUS_NUMBERS[frame.status];
  const events = frame.events.map((event) => toWire(withoutWriter(event, writer)));
  const unchecked = messages.Frame.encode({
    format: FORMAT,
    prev,
    epoch,
    writer,
    status,
    inboxFolded,
    token,
    queue,
    events,
    annotated,
  });
  return withChecksum(unchecked);
}

/**
 * Reads a message from a history subject; anything that is not a frame comes back as foreign (I11). A frame of a newer
 * format holds one unknown event, so that its run is parked and the frame kept.
 */
export function decodeFrame(bytes: Uint8Array): Decoded<Frame> {
  return decodeMessage(
    () => readFrame(bytes, READERS),
    (message, isNewer) => {
      const status = STATUSES[message.status] ?? (isNewer ? "running" : undefined);
      if (status === undefined) return "its status is not known";
      if (message.epoch === 0 || message.writer === "") return "it names no writer";
      if (message.queue !== "" && !isToken(message.queue))
        return "its queue is not the name of one";
      const { prev, epoch, writer, inboxFolded, token, queue, annotated } = message;
      const events = isNewer
        ? [{ type: "Unknown" as const, at: 0 }]
        : message.events.map((event) => withWriter(fromWire(event), writer));
      return { prev, epoch, writer, status, inboxFolded, token, queue, annotated, events };
    },
  );
}

/** Who takes a run up writes the frame that says so: its name is stored once. */
function withoutWriter(event: RunEvent, writer: string): RunEvent {
  return event.type === "Activated" && event.worker === writer ? { ...event, worker: "" } : event;
}

function withWriter(event: RunEvent, writer: string): RunEvent {
  return event.type === "Activated" && event.worker === "" ? { ...event, worker: writer } : event;
}

/** At least as many bytes as an event takes in a frame, and not many more: exact for what can be large. */
export function eventSizeBytes(event: RunEvent): number {
  let size = EVENT_BYTES;
  for (const value of Object.values(event)) {
    if (typeof value === "string") size += textBytes(value);
    else if (typeof value === "object") size += valueBytes(value);
  }
  return size;
}

/** What an event takes without its texts and values. */
const EVENT_BYTES = 128;

function valueBytes(value: object): number {
  let size = ENTRY_BYTES;
  if (value instanceof Uint8Array) return size + value.length;
  for (const [name, inner] of Object.entries(value)) {
    size += textBytes(name);
    if (typeof inner === "string") size += textBytes(inner);
    else if (typeof inner === "object" && inner !== null) size += valueBytes(inner);
    else size += ENTRY_BYTES;
  }
  return size;
}

/** A character is at most three bytes, and a length comes before them. */
function textBytes(text: string): number {
  return text.length * 3 + ENTRY_BYTES;
}

const ENTRY_BYTES = 12;

type WireEvent = millrace.v1.Event.$Properties;
type WireProgress = millrace.v1.Progress.$Properties | null | undefined;

function toWire(event: RunEvent): WireEvent {
  // An event's fields have the names of its protobuf message: it stands for its own body.
  if (event.type === "Unknown")
    throw new Error("An unknown event is kept where it is, not written");
  return { at: event.at, [BODY_OF[event.type]]: bodyToWire(event) };
}

function bodyToWire(event: RunEvent): object {
  if (event.type === "Annotated") return annotationsToWire(event);
  if (event.type !== "Archived") return event;
  return { ...event, submission: submissionToWire(event.submission) };
}

const BODY_OF = {
  Activated: "activated",
  Released: "released",
  StepStarted: "stepStarted",
  StepAttemptFailed: "stepAttemptFailed",
  StepCompleted: "stepCompleted",
  StepFailed: "stepFailed",
  TimerSet: "timerSet",
  TimerFired: "timerFired",
  InputFolded: "inputFolded",
  Parked: "parked",
  Resumed: "resumed",
  Completed: "completed",
  Failed: "failed",
  Crashed: "crashed",
  Cancelled: "cancelled",
  Suspended: "suspended",
  CancelRequested: "cancelRequested",
  ChildSubmitted: "childSubmitted",
  Annotated: "annotated",
  Patched: "patched",
  Archived: "archived",
  Forked: "forked",
} as const satisfies Record<Exclude<RunEvent["type"], "Unknown">, keyof WireEvent>;

type Body = (typeof BODY_OF)[keyof typeof BODY_OF];
type Lift = (event: WireEvent, at: number) => RunEvent;

/** One reader per body: a new event that has none does not compile. */
const LIFTS: { readonly [B in Body]: Lift } = {
  activated: ({ activated: b }, at) => ({
    type: "Activated",
    at,
    epoch: b?.epoch ?? 0,
    worker: b?.worker ?? "",
    token: number(b?.token),
    reason: (b?.reason ?? "") as ActivationReason,
    version: b?.version ?? "",
  }),
  released: (_, at) => ({ type: "Released", at }),
  stepStarted: ({ stepStarted: b }, at) => ({
    type: "StepStarted",
    at,
    step: b?.step ?? "",
    attempt: b?.attempt ?? 0,
  }),
  stepAttemptFailed: ({ stepAttemptFailed: b }, at) => ({
    type: "StepAttemptFailed",
    at,
    step: b?.step ?? "",
    attempt: b?.attempt ?? 0,
    startedAt: number(b?.startedAt),
    error: payloadOf(b?.error),
    retryAt: number(b?.retryAt),
  }),
  stepCompleted: ({ stepCompleted: b }, at) => ({
    type: "StepCompleted",
    at,
    step: b?.step ?? "",
    attempt: b?.attempt ?? 0,
    startedAt: number(b?.startedAt),
    output: payloadOf(b?.output),
  }),
  stepFailed: ({ stepFailed: b }, at) => ({
    type: "StepFailed",
    at,
    step: b?.step ?? "",
    attempt: b?.attempt ?? 0,
    startedAt: number(b?.startedAt),
    error: payloadOf(b?.error),
  }),
  timerSet: ({ timerSet: b }, at) => ({
    type: "TimerSet",
    at,
    timer: b?.timer ?? "",
    fireAt: number(b?.fireAt),
  }),
  timerFired: ({ timerFired: b }, at) => ({ type: "TimerFired", at, timer: b?.timer ?? "" }),
  inputFolded: ({ inputFolded: b }, at) => ({
    type: "InputFolded",
    at,
    sequence: number(b?.sequence),
    kind: (b?.kind ?? "") as FoldedKind,
    name: b?.name ?? "",
  }),
  parked: ({ parked: b }, at) => ({
    type: "Parked",
    at,
    reason: (b?.reason ?? "") as ParkReason,
    expected: b?.expected ?? "",
    asked: b?.asked ?? "",
    step: b?.step ?? "",
  }),
  resumed: ({ resumed: b }, at) => ({ type: "Resumed", at, retry: b?.retry ?? [] }),
  completed: ({ completed: b }, at) => ({ type: "Completed", at, output: payloadOf(b?.output) }),
  failed: ({ failed: b }, at) => ({
    type: "Failed",
    at,
    error: payloadOf(b?.error),
    step: b?.step ?? "",
  }),
  crashed: ({ crashed: b }, at) => ({ type: "Crashed", at, crashes: b?.crashes ?? 0 }),
  cancelled: ({ cancelled: b }, at) => ({ type: "Cancelled", at, reason: b?.reason ?? "" }),
  suspended: ({ suspended: b }, at) => ({
    type: "Suspended",
    at,
    wakeAt: number(b?.wakeAt),
    waits: b?.waits ?? [],
  }),
  cancelRequested: ({ cancelRequested: b }, at) => ({
    type: "CancelRequested",
    at,
    reason: b?.reason ?? "",
    by: b?.by === "deadline" ? "deadline" : "input",
  }),
  childSubmitted: ({ childSubmitted: b }, at) => ({
    type: "ChildSubmitted",
    at,
    child: b?.child ?? "",
    runId: b?.runId ?? "",
    queue: b?.queue ?? "",
    onParentClose: (b?.onParentClose ?? "") as ParentClosePolicy,
  }),
  annotated: ({ annotated: b }, at) => ({
    type: "Annotated",
    at,
    progress: progress(b?.progress),
    tags: b?.tags ?? [],
    attributes: attributesOf(b?.attributes),
    exposed: Object.fromEntries(
      Object.entries(b?.exposed ?? {}).map(([name, value]) => [name, payloadOf(value)]),
    ),
  }),
  patched: ({ patched: b }, at) => ({ type: "Patched", at, patch: b?.patch ?? "" }),
  archived: ({ archived: b }, at) => archived(b, at),
  forked: ({ forked: b }, at) => ({
    type: "Forked",
    at,
    origin: b?.origin ?? "",
    event: number(b?.event),
    sequence: number(b?.sequence),
    request: b?.request ?? "",
    set: b?.set ?? [],
  }),
};

const READERS = bodyReaders(BODY_OF);

function fromWire({ message, body, bodies }: ReadEvent<Body>): RunEvent {
  const at = number(message.at);
  // Of two bodies neither is to be believed.
  return body === undefined || bodies > 1 ? { type: "Unknown", at } : LIFTS[body](message, at);
}

function archived(b: millrace.v1.Archived.$Properties | null | undefined, at: number): RunEvent {
  const submission = submissionFromWire(b?.submission ?? {});
  // Nothing is to be made of a frame that does not say whose it is.
  if (typeof submission === "string") return { type: "Unknown", at };
  return {
    type: "Archived",
    at,
    file: blobRefOf(b?.file),
    archivedAt: number(b?.archivedAt),
    submission,
    inboxUpTo: number(b?.inboxUpTo),
    runStartedAt: number(b?.runStartedAt),
    takeOvers: number(b?.takeOvers),
    crashes: number(b?.crashes),
    version: b?.version ?? "",
    cancelReason: b?.cancelReason ?? "",
  };
}

function annotationsToWire(event: Annotations): object {
  const { progress: done, tags, attributes, exposed } = event;
  return {
    ...(done === undefined ? {} : { progress: done }),
    tags: [...tags],
    attributes: attributesToWire(attributes),
    exposed,
  };
}

function progress(wire: WireProgress): Progress | undefined {
  if (wire === null || wire === undefined) return undefined;
  return { done: wire.done ?? 0, total: wire.total ?? 0, message: wire.message ?? "" };
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

const STATUSES: readonly (FrameStatus | undefined)[] = [
  undefined,
  "running",
  "awaiting-retry",
  "cancelling",
  "suspended",
  "released",
  "parked",
  "completed",
  "failed",
  "crashed",
  "cancelled",
  "scheduled",
];

const STATUS_NUMBERS = Object.fromEntries(
  STATUSES.flatMap((status, at) => (status === undefined ? [] : [[status, at]])),
) as Record<FrameStatus, number>;
