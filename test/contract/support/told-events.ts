import type { CloudEvent, RunEventData } from "../../../src/engine/cloud-event.ts";
import { parseRunId } from "../../../src/engine/run-id.ts";
import { type RunStatus, runStatus, statusBeforeStart } from "../../../src/engine/run-status.ts";
import { readSubmission } from "../../../src/history/read-submission.ts";
import { readHistory } from "../../../src/history/run-history.ts";
import type { Broker } from "../../../src/ports/broker.ts";
import { cloudEventOf } from "../../../src/wire/cloud-event-codec.ts";

/** Everything that stands in the events stream, in its order. */
export async function toldEvents(broker: Broker): Promise<readonly CloudEvent[]> {
  const { bus } = broker;
  const events: CloudEvent[] = [];
  for await (const batch of bus.scan(bus.streams.events, {}))
    events.push(...batch.map(cloudEventOf));
  return events;
}

/** The statuses that were told of a run, in order. */
export async function toldStatuses(broker: Broker, id: string): Promise<readonly string[]> {
  const events = (await toldEvents(broker)) as readonly CloudEvent<RunEventData>[];
  return events
    .filter(({ type, subject }) => subject === id && type.startsWith("millrace.run."))
    .map(({ data }) => data.status);
}

/** The statuses that a run went through, frame by frame, as its history says. */
export async function trueStatuses(broker: Broker, id: string): Promise<readonly RunStatus[]> {
  const run = parseRunId(id);
  const submission = await readSubmission(broker.log, run);
  if (submission === undefined) throw new Error(`There is no run ${id}`);
  const head = await broker.log.head(run);
  const { frames } = await readHistory(broker.log, run, head?.sequence ?? 0);
  const statuses: RunStatus[] = [statusBeforeStart(submission, submission.submittedAt)];
  for (const { status } of frames) {
    if (runStatus(status) !== statuses.at(-1)) statuses.push(runStatus(status));
  }
  return statuses;
}
