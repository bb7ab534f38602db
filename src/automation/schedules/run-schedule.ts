import type { Logger } from "pino";
import type { ClientHost } from "../../client/client-host.ts";
import { RunHandle } from "../../client/run-handle.ts";
import { orderDue, readSchedule, type StoredSchedule } from "../../client/schedule-records.ts";
import { optionsOfRun } from "../../client/schedules.ts";
import { cancelRun } from "../../client/stop-run.ts";
import { submit } from "../../client/submit.ts";
import type { AnyDefinition } from "../../definition/definition.ts";
import { MillraceError } from "../../engine/millrace-error.ts";
import { BlobStoreError } from "../../engine/payload-errors.ts";
import { RunClosedError, RunNotFoundError } from "../../engine/run-errors.ts";
import { parseRunId } from "../../engine/run-id.ts";
import { scheduledKey } from "../../engine/schedule-keys.ts";
import type { ScheduleRecord, ScheduleSpec } from "../../engine/schedule-spec.ts";
import { BrokerError, ConnectionClosedError } from "../../engine/usage-errors.ts";
import { readSubmission } from "../../history/read-submission.ts";
import { encodeSchedule, scheduleKey } from "../../wire/schedule-codec.ts";
import type { BrokerClock } from "./broker-clock.ts";
import { isNextMissed, planRuns, type RunPlan, type SkippedRuns } from "./plan-runs.ts";
import { tellSkipped } from "./tell-skipped.ts";

/**
 * Does what a schedule's record asks for now, and orders what comes next. Any number of workers may do it at once, and each may
 * die at any point: runs are submitted under the keys of their due times, then the next is ordered, then the record is written
 * if nobody else has, and only then the message that asked for it is acked.
 * @throws {@link BrokerError} and other signs of absence: it is to be done again.
 */
export async function runSchedule(parts: ScheduleParts, name: string): Promise<void> {
  const { host, clock, definitions } = parts;
  const { broker } = host;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const stored = await readSchedule(broker.control, name);
    const { record } = stored;
    // Removed or paused: whoever puts or resumes it orders anew.
    if (record === undefined || record.paused !== undefined) return;
    // Its flow was changed while the message was on its way: it is ordered for those who serve that one.
    if (!definitions.has(record.spec.flow)) return await orderDue(broker, record, clock.now());
    const plan = await planOf(parts, record);
    const refused: SkippedRuns[] = [];
    for (const dueAt of plan.submit) refused.push(...(await submitRun(parts, record, dueAt)));
    if (plan.cancels) await cancelLast(host, record);
    // Ordered before it is written: a message too many finds nothing to do, and one too few would be missed.
    await orderDue(broker, plan.next, clock.now());
    if (plan.next === record) return;
    if (!(await isWritten(host, stored, plan.next))) continue;
    await tellSkipped(parts, record, [...plan.skipped, ...refused]);
    if (!plan.goesOn) return;
  }
  throw new BrokerError(`Schedule ${name} was changed by others all the time. It is tried again.`);
}

export interface ScheduleParts {
  readonly host: ClientHost;
  readonly clock: BrokerClock;
  readonly log: Logger;
  /** What this worker serves. */
  readonly definitions: ReadonlyMap<string, AnyDefinition>;
}

/** Others write between the read and the write at most as often as they are. */
const MAX_TRIES = 20;
/** Late by more than this is worth asking whether it is our clock. */
const LATE_MS = 2_000;
const FRESH_MS = 1_000;

async function planOf(parts: ScheduleParts, record: ScheduleRecord): Promise<RunPlan> {
  const { host, clock } = parts;
  // A clock that was put forward would skip, or run too early, what is due in between.
  if (clock.now() - record.nextAt > LATE_MS) await clock.measure(FRESH_MS);
  const now = clock.now();
  const isLooked = record.spec.overlap !== "allow" && record.lastRun !== undefined;
  return planRuns(record, {
    now,
    isOpen: isLooked && (await isOpen(host, record.lastRun ?? "")),
    isNextSubmitted: isNextMissed(record, now) && (await isSubmitted(host, record)),
  });
}

async function isOpen(host: ClientHost, run: string): Promise<boolean> {
  try {
    return !(await new RunHandle(host, parseRunId(run)).state()).closed;
  } catch (error) {
    if (error instanceof RunNotFoundError) return false;
    throw error;
  }
}

async function isSubmitted(host: ClientHost, { spec, nextAt }: ScheduleRecord): Promise<boolean> {
  const run = parseRunId(`${spec.flow}:${scheduledKey(spec.name, nextAt)}`);
  return (await readSubmission(host.broker.log, run, spec.queue)) !== undefined;
}

/** Gives the due time back when its run can never be submitted. */
async function submitRun(
  { host, definitions, log }: ScheduleParts,
  { spec }: ScheduleRecord,
  dueAt: number,
): Promise<readonly SkippedRuns[]> {
  const definition = definitions.get(spec.flow) ?? spec.flow;
  const key = scheduledKey(spec.name, dueAt);
  try {
    await submit(host, definition, spec.input, { ...optionsOfRun(spec, dueAt), key });
    return [];
  } catch (error) {
    if (isAbsence(error)) throw error;
    log.error({ err: error, schedule: spec.name, dueAt }, "A schedule's run was refused");
    const detail = error instanceof Error ? error.message : String(error);
    return [{ reason: "refused", first: dueAt, last: dueAt, count: 1, detail }];
  }
}

/** Something is away: it can be done later. */
function isAbsence(error: unknown): boolean {
  return (
    error instanceof BrokerError ||
    error instanceof BlobStoreError ||
    error instanceof ConnectionClosedError ||
    !(error instanceof MillraceError)
  );
}

/** Asked again, the same input is not folded twice. */
async function cancelLast(host: ClientHost, record: ScheduleRecord): Promise<void> {
  const { lastRun, spec } = record;
  if (lastRun === undefined) return;
  const run = parseRunId(lastRun);
  const id = `${CANCELS}-${spec.name}`;
  try {
    await cancelRun(host, run, `schedule ${spec.name} is due again`, { inputId: id, writer: id });
  } catch (error) {
    if (!(error instanceof RunClosedError) && !(error instanceof RunNotFoundError)) throw error;
  }
}

const CANCELS = "schedule";

async function isWritten(
  { broker }: ClientHost,
  { revision }: StoredSchedule,
  next: ScheduleRecord,
): Promise<boolean> {
  const { name }: ScheduleSpec = next.spec;
  const outcome = await broker.control.write(scheduleKey(name), encodeSchedule(next), revision);
  if (outcome.status === "unknown") {
    throw new BrokerError(`The record of schedule ${name} was not confirmed.`, {
      cause: outcome.cause,
    });
  }
  return outcome.status === "written";
}
