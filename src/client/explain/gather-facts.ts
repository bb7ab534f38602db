import { isActive, isClosed, type RecordedFrame } from "../../engine/frame.ts";
import type { RunRef } from "../../engine/run-id.ts";
import { foldFrames, type RunState } from "../../engine/run-state.ts";
import { type SlotRefusal, takeSlot } from "../../engine/slot-table.ts";
import { isServing, type WorkerPresence } from "../../engine/worker-presence.ts";
import { readSubmission } from "../../history/read-submission.ts";
import { readHead } from "../../history/run-head.ts";
import { readHistory, withHead } from "../../history/run-history.ts";
import type { PlaceInLine, QueueBacklog } from "../../ports/work-queue.ts";
import { decodeInput } from "../../wire/input-codec.ts";
import { queueSettingsKey } from "../../wire/queue-settings-codec.ts";
import { queueSlotsKey } from "../../wire/slot-table-codec.ts";
import { decodeWait, waitKey } from "../../wire/wait-codec.ts";
import type { ClientHost } from "../client-host.ts";
import { settingsOf, tableOf } from "../queue-handle.ts";
import { ShownPayloads } from "../shown-payloads.ts";
import { readPresences } from "../workers.ts";
import { askWorker, type WorkerAnswer } from "./ask-worker.ts";
import type { ErrorFact } from "./explanation.ts";
import type { HolderFacts, PendingInput, QueueFacts, RunFacts } from "./run-facts.ts";

/**
 * Finds out what an explanation needs: the run's history and inbox, its queue, and what the workers say. Reads and asks only:
 * nobody is woken by it. What one of the lesser sources does not tell is left out.
 */
export async function gatherFacts(host: ClientHost, run: RunRef): Promise<RunFacts> {
  const { log } = host.broker;
  const head = await readHead(log, run);
  const [submission, history] = await Promise.all([
    readSubmission(log, run, head.frame?.queue),
    readHistory(log, run, head.last),
  ]);
  const { frames } = withHead(history, head.frame);
  const state = foldFrames(frames);
  const name = state?.queue ?? submission?.queue ?? run.flow;
  const isOver = state !== undefined && (isClosed(state.status) || state.parked !== undefined);
  const isToBe = submission !== undefined && !isOver;
  const workers = isToBe ? await readPresences(host) : [];
  const answers = await askAll(host, run, name, { workers, frame: frames.at(-1) });
  const [queue, holder, inputs, errors] = await Promise.all([
    isToBe ? queueFacts(host, run, name, { state, workers, answers }) : unknownQueue(name),
    holderOf(host, run, frames.at(-1), { workers, answers }),
    isToBe && state !== undefined ? pendingInputs(host, run, frames.at(-1)) : [],
    errorsOf(host, state),
  ]);
  const cancel = frames
    .flatMap(({ events }) => events)
    .find(({ type }) => type === "CancelRequested");
  return {
    now: host.clock.now(),
    run: run.id,
    flow: run.flow,
    namespace: log.namespace,
    submission,
    state,
    cancelRequestedAt: cancel?.at,
    queue,
    holder,
    inputs,
    errors,
  };
}

function unknownQueue(name: string): QueueFacts {
  const nothing = { refusal: undefined, said: undefined, place: undefined, leaseMs: undefined };
  return { name, paused: false, workers: [], absent: new Set(), ...nothing };
}

type Answers = ReadonlyMap<string, WorkerAnswer>;

/** Asks the worker that holds the run, and those who are said to serve its queue. */
async function askAll(
  host: ClientHost,
  run: RunRef,
  queue: string,
  from: {
    readonly workers: readonly WorkerPresence[];
    readonly frame: RecordedFrame | undefined;
  },
): Promise<Answers> {
  const { workers, frame } = from;
  const now = host.clock.now();
  const serving = workers
    .filter((worker) => isServing(worker, now) && worker.queues.includes(queue))
    .map(({ worker }) => worker);
  const holder = frame !== undefined && isActive(frame.status) ? [frame.writer] : [];
  const asked = new Set([...holder, ...serving.slice(0, MOST_ASKED)]);
  const answers = [...asked].map(
    async (worker) => [worker, await askWorker(host, worker, run.id)] as const,
  );
  return new Map(await Promise.all(answers));
}

async function queueFacts(
  host: ClientHost,
  run: RunRef,
  name: string,
  from: {
    readonly state: RunState | undefined;
    readonly workers: readonly WorkerPresence[];
    readonly answers: Answers;
  },
): Promise<QueueFacts> {
  const { state, workers, answers } = from;
  const { control } = host.broker;
  const [settings, slots, wait, place, backlog] = await Promise.all([
    control.read(queueSettingsKey(name)),
    control.read(queueSlotsKey(name)),
    control.read(waitKey(run)),
    state === undefined ? placeOf(host, run, name) : undefined,
    backlogOf(host, name),
  ]);
  const { paused, concurrency: limit, rate } = settingsOf(settings);
  const starts = state === undefined;
  const request = { run: run.id, worker: "", takesOver: false, starts, isActive: false };
  const answer = takeSlot(tableOf(slots), { limit, rate }, request, host.clock.now());
  const refusal: SlotRefusal | undefined = answer.granted ? undefined : answer.refusal;
  const said = wait === undefined ? undefined : decodeWait(wait.data);
  const told = said?.kind === "ok" && starts ? said.value : undefined;
  const gone = [...answers].filter(([, { status }]) => status === "nobody");
  const absent = new Set(gone.map(([worker]) => worker));
  const { leaseMs } = backlog ?? {};
  return { name, paused, refusal, said: told, workers, absent, place, leaseMs };
}

async function placeOf(
  { broker }: ClientHost,
  run: RunRef,
  queue: string,
): Promise<PlaceInLine | undefined> {
  const stored = (await broker.log.submission(run, queue)) ?? (await broker.log.submission(run));
  return stored === undefined ? undefined : broker.queues.placeOf(stored).catch(() => undefined);
}

async function backlogOf({ broker }: ClientHost, queue: string): Promise<QueueBacklog | undefined> {
  const backlogs = await broker.queues.report().catch(() => []);
  return backlogs.find((backlog) => backlog.queue === queue);
}

async function holderOf(
  host: ClientHost,
  run: RunRef,
  frame: RecordedFrame | undefined,
  from: { readonly workers: readonly WorkerPresence[]; readonly answers: Answers },
): Promise<HolderFacts | undefined> {
  if (frame === undefined || !isActive(frame.status)) return undefined;
  const { workers, answers } = from;
  const { peers, log } = host.broker;
  const { writer, token, epoch } = frame;
  const partition = (await log.head(run))?.partition ?? 0;
  const said = answers.get(writer);
  const activity = said?.status === "holds" ? said.activity : undefined;
  return {
    worker: writer,
    answer: await peers.asks(writer, { run: run.id, partition, token, epoch }),
    presence: workers.find(({ worker }) => worker === writer),
    activity: activity?.epoch === epoch ? activity : undefined,
  };
}

async function pendingInputs(
  { broker }: ClientHost,
  run: RunRef,
  frame: RecordedFrame | undefined,
): Promise<readonly PendingInput[]> {
  if (frame === undefined) return [];
  const stored = await broker.log.inbox(run, frame.queue, frame.inboxFolded);
  return stored.flatMap(({ data }): PendingInput[] => {
    const decoded = decodeInput(data);
    if (decoded.kind !== "ok") return [];
    const { body, sentAt } = decoded.value;
    switch (body.type) {
      case "Wake":
        return [];
      case "Signal":
        return [{ type: body.type, name: body.name, sentAt }];
      case "Cancel":
        return [{ type: body.type, name: body.reason, sentAt }];
      case "RunClosed":
      case "Watch":
        return [{ type: body.type, name: body.runId, sentAt }];
    }
  });
}

/** The last error of each step that failed, and under the empty name the one that closed the run. */
async function errorsOf(
  { payloads }: ClientHost,
  state: RunState | undefined,
): Promise<ReadonlyMap<string, ErrorFact>> {
  const errors = new Map<string, ErrorFact>();
  if (state === undefined) return errors;
  const shown = new ShownPayloads(payloads);
  const { outcome } = state;
  if (outcome?.status === "failed") errors.set("", factOf(await shown.error(outcome.error)));
  for (const { id, status, attempts } of state.steps.values()) {
    const error = attempts.at(-1)?.error;
    if (status !== "awaiting-retry" || error === undefined) continue;
    errors.set(id, factOf(await shown.error(error)));
    if (errors.size > MOST_ERRORS) break;
  }
  return errors;
}

function factOf({ name, message }: Error): ErrorFact {
  return { name, message };
}

const MOST_ERRORS = 20;
/** Workers that are asked whether they are there. */
const MOST_ASKED = 20;
