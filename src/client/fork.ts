/**
 * Makes a run of another one's history. Each write is durable before the next one, and its submission is the last:
 *
 * 1. Blobs (I9).
 * 2. The inputs that are copied, in the fork's inbox.
 * 3. The history up to the point, and `Forked`. Until here nothing runs it: a run without a submission is none.
 * 4. The submission. A worker that is handed it finds the history, and goes on from there.
 *
 * Whoever dies in between leaves nothing that runs, and asking for the same fork by the same key goes on from there.
 */
import { createHash } from "node:crypto";
import { type ArchiveHost } from "../archive/archive-host.ts";
import { checkSubmitOptions } from "../definition/submit-options.ts";
import { PayloadTooLargeError } from "../engine/flow-errors.ts";
import { RunNotForkableError } from "../engine/fork-errors.ts";
import type { Payload, PlainPayload } from "../engine/payload.ts";
import { checkPriority, checkQueueName, type Priority, queueOfPlace } from "../engine/priority.ts";
import { RunExistsError, RunNotFoundError } from "../engine/run-errors.ts";
import type { RunEvent } from "../engine/run-event.ts";
import { parseRunId, type RunRef, runRef } from "../engine/run-id.ts";
import { sortableId } from "../engine/sortable-id.ts";
import { START_TIMER } from "../engine/step-id.ts";
import { FORKER, type Origin, type Submission } from "../engine/submission.ts";
import { readSubmission } from "../history/read-submission.ts";
import { commandOf } from "../history/resolve-address.ts";
import { encodeSubmission } from "../wire/submission-codec.ts";
import { encodeValue } from "../wire/value-codec.ts";
import type { ClientHost } from "./client-host.ts";
import { copyInputs, renumbered } from "./fork/copy-inputs.ts";
import type { ForkOptions, ForkPlan } from "./fork/fork-options.ts";
import { type ForkPoint, forkPoint } from "./fork/fork-point.ts";
import { forkedFrames } from "./fork/forked-frames.ts";
import { openChildren, planOf } from "./fork/plan-fork.ts";
import { writeHistory } from "./fork/write-history.ts";
import { Patience } from "./patience.ts";
import { publishSubmission } from "./publish-submission.ts";
import { changeSettings } from "./queue-handle.ts";
import { type ReadRun, readRecordedRun } from "./recorded-runs.ts";

/**
 * Forks a run. Resolves when the fork is accepted.
 * @throws {@link RunNotFoundError}, {@link EventNotFoundError}, {@link InvalidOptionError}, {@link RunNotForkableError},
 * {@link RunExistsError}, {@link NotSerializableError}, {@link PayloadTooLargeError}, {@link ArchiveFileError},
 * {@link BrokerError}
 */
export async function forkRun(
  host: ClientHost,
  origin: RunRef,
  options: ForkOptions,
): Promise<ForkedRun> {
  const patience = new Patience(host, GIVE_UP_MS);
  const asked = await prepare(host, origin, options, patience);
  const { run, point, read, submission } = asked;
  const { key, ifExists = "attach" } = options;
  // A new key is nobody else's.
  const isThere = (): Promise<boolean> =>
    patience.ask(() => isSameFork(host, run, submission, ifExists));
  if (key !== undefined && (await isThere())) return { run, isNew: false };
  if (point.event > 0) {
    await copyHistory(host, asked, { patience, isThere });
  } else if (key !== undefined && (await patience.ask(() => host.broker.log.head(run)))) {
    throw new RunExistsError(run.id);
  }
  const priority = checkPriority(options.priority ?? priorityOf(read));
  const place = await host.priorities.placeOf(submission.queue, priority, () =>
    changeSettings(host, submission.queue, { priorities: true }),
  );
  const input = await patience.ask(async () => sealedInput(host, run, asked.input, submission));
  const bytes = encodeSubmission({ ...submission, input });
  const limit = host.broker.log.maxMessageBytes;
  if (bytes.length > limit) {
    throw new PayloadTooLargeError(`The submission of ${run.id}`, bytes.length, limit);
  }
  const isNew = await publishSubmission(host, run, { submission, place, bytes }, patience);
  if (!isNew) await isThere();
  return { run, isNew };
}

export interface ForkedRun {
  readonly run: RunRef;
  /** False when this very fork was there. */
  readonly isNew: boolean;
}

/** What a fork would be. Nothing is written. @throws what {@link forkRun} throws */
export async function planFork(
  host: ClientHost,
  origin: RunRef,
  options: ForkOptions,
): Promise<ForkPlan> {
  const patience = new Patience(host, GIVE_UP_MS);
  const { run, point, read, sets } = await prepare(host, origin, options, patience);
  return planOf(read, point, { id: options.key === undefined ? undefined : run.id, sets });
}

/** A fork that is asked for. */
interface AskedFork {
  readonly run: RunRef;
  readonly read: ReadRun;
  readonly point: ForkPoint;
  readonly sets: readonly string[];
  /** In place of the origin's, if it is changed. */
  readonly input: PlainPayload | undefined;
  /** With the origin's input. */
  readonly submission: Submission;
}

async function prepare(
  host: ClientHost,
  origin: RunRef,
  options: ForkOptions,
  patience: Patience,
): Promise<AskedFork> {
  const { broker, clock } = host;
  const read = await patience.ask(() => readRecordedRun(host, origin));
  if (read === undefined) throw new RunNotFoundError(origin.id, broker.log.namespace);
  const isChanged = "input" in options && options.input !== undefined;
  const input = isChanged ? encodeValue(options.input, `The input of ${origin.id}`) : undefined;
  const outcomes = Object.entries(options.set ?? {}).map(
    ([step, value]) => [step, encodeValue(value, `The outcome of step ${step}`)] as const,
  );
  const set = new Map<string, Payload>();
  for (const [step, plain] of outcomes) {
    set.set(step, await patience.ask(async () => host.payloads.seal(plain, `step ${step}`)));
  }
  const point = forkPoint(read, options.from, set);
  await checkChildren(host, origin, point.events, patience);
  const run = runRef(origin.flow, options.key ?? sortableId(clock.now(), Math.random));
  const { event } = point;
  const request = requestOf([origin.id, event, input, outcomes]);
  const from: Origin = { runId: origin.id, event, request };
  const submission = submissionOf(host, run, read.submission, point, { options, isChanged, from });
  return { run, read, point, input, submission, sets: outcomes.map(([step]) => step) };
}

/** A child that was recorded and is not there may never be: its submission is the origin's to publish. */
async function checkChildren(
  { broker: { log } }: ArchiveHost,
  origin: RunRef,
  events: readonly RunEvent[],
  patience: Patience,
): Promise<void> {
  // What was asked for after a request to stop may have been taken back by it: it is never submitted then.
  const stop = events.findIndex(({ type }) => type === "CancelRequested");
  for (const id of openChildren(stop === -1 ? events : events.slice(0, stop))) {
    const child = parseRunId(id);
    if ((await patience.ask(() => log.submission(child))) !== undefined) continue;
    throw new RunNotForkableError(
      origin.id,
      `its child ${id} is recorded and was never submitted. Fork it before that.`,
    );
  }
}

/** Says which fork is asked for: the same for the same one. */
function requestOf(parts: readonly unknown[]): string {
  const text = JSON.stringify(parts, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
  );
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

function submissionOf(
  { clock }: ClientHost,
  run: RunRef,
  submitted: Submission,
  { events }: ForkPoint,
  fork: { readonly options: ForkOptions; readonly isChanged: boolean; readonly from: Origin },
): Submission {
  const { options, isChanged, from } = fork;
  const { queue, tags = [], metadata = {}, deadline, key } = options;
  const now = clock.now();
  const all = {
    tags: [...new Set([...submitted.tags, ...tags])],
    metadata: { ...submitted.metadata, ...metadata },
  };
  const checked = checkSubmitOptions(deadline === undefined ? all : { ...all, deadline }, now);
  // The flow makes its attributes of the new input.
  const attributes = isChanged ? {} : submitted.attributes;
  // A history that begins with the wait for a start goes on with it.
  const isDelayed = events.some((event) => commandOf(event) === START_TIMER);
  return {
    ...checked,
    runId: run.id,
    queue: queue === undefined ? submitted.queue : checkQueueName(queue),
    submissionId: sortableId(now, Math.random),
    input: submitted.input,
    attributes: { ...attributes, ...options.attributes },
    submittedAt: now,
    startAt: isDelayed ? submitted.startAt : 0,
    replyTo: "",
    isKeyNew: key === undefined,
    parent: undefined,
    origin: from,
  };
}

async function sealedInput(
  { payloads }: ClientHost,
  run: RunRef,
  input: PlainPayload | undefined,
  submission: Submission,
): Promise<Payload> {
  return input === undefined ? submission.input : payloads.seal(input, `The input of ${run.id}`);
}

/**
 * True when the run is there, and is this very fork.
 * @throws {@link RunExistsError} when it is another run, or `reject` was asked for.
 */
async function isSameFork(
  { broker: { log } }: ClientHost,
  run: RunRef,
  { origin }: Submission,
  ifExists: "attach" | "reject",
): Promise<boolean> {
  const found = await readSubmission(log, run);
  if (found === undefined) return false;
  if (ifExists === "attach" && found.origin?.request === origin?.request) return true;
  throw new RunExistsError(run.id);
}

async function copyHistory(
  { broker: { log }, clock, payloads }: ClientHost,
  { run, read, point, sets, submission }: AskedFork,
  fork: { readonly patience: Patience; readonly isThere: () => Promise<boolean> },
): Promise<void> {
  const { patience, isThere } = fork;
  const { queue, origin } = submission;
  if (origin === undefined) return;
  const { runId, event, request } = origin;
  const inputs = await copyInputs(log, read, point.events, { run, queue, request, patience });
  const { sequence } = point;
  const at = clock.now();
  const forked: RunEvent = {
    type: "Forked",
    at,
    origin: runId,
    event,
    sequence,
    request,
    set: sets,
  };
  const frames = await forkedFrames(
    [...renumbered(point.events, inputs), forked],
    {
      epoch: point.epoch,
      writer: `${FORKER}${request}`,
      queue,
      inboxFolded: Math.max(0, ...inputs.values()),
    },
    { payloads, limitBytes: log.maxMessageBytes },
  );
  await writeHistory(log, run, frames, { request, isThere, patience });
}

/** A run with a priority waits in a place of its own, which its subject names. */
function priorityOf({ stored: { submission } }: ReadRun): Priority {
  const { rank } = queueOfPlace(submission.subject.split(".")[PLACE_AT] ?? "");
  return rank === 1 ? "high" : rank === 2 ? "normal" : "low";
}

/** In `mr.<ns>.<p>.new.<place>.<flow>.<key>`. */
const PLACE_AT = 4;
const GIVE_UP_MS = 30_000;
