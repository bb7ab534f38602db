import { ControlLease } from "../../client/control-lease.ts";
import { declareSchedule } from "../../client/declare-schedule.ts";
import { Rounds } from "../../client/rounds.ts";
import { validate } from "../../definition/standard-schema.ts";
import type { ScheduleSpec } from "../../engine/schedule-spec.ts";
import type { AutomationHost, AutomationPart } from "../automation-host.ts";
import type { OnDue } from "../ingress/due-message.ts";
import { BrokerClock } from "./broker-clock.ts";
import { DueSchedules } from "./due-schedules.ts";
import { sweepSchedules } from "./sweep-schedules.ts";

/**
 * Puts the schedules that stand in code, and carries out what falls due for the flows of this worker: the ingress hands it
 * over. No timer and no message is needed for a schedule that is not due: its next time is ordered at the broker.
 * @throws {@link InputInvalidError} when a schedule's flow does not take its input.
 */
export async function startSchedules(host: AutomationHost): Promise<SchedulesPart> {
  const { millrace, clock: timers, worker, definitions, schedules } = host;
  const { broker } = millrace;
  const log = host.log.child({ part: "schedules" });
  const clock = new BrokerClock(timers, () => broker.bus.now());
  await clock.measure(0);
  for (const spec of schedules) {
    await checkInput(host, spec);
    await declareSchedule(millrace.host, spec, "code", clock.now());
  }
  const parts = { host: millrace.host, clock, log, definitions, timers };
  const due = new DueSchedules(parts);
  const lease = new ControlLease({
    control: broker.control,
    clock: timers,
    what: "schedules",
    holder: worker,
    ttlMs: LEASE_MS,
  });
  let round = 0;
  const rounds = new Rounds({ clock: timers, log }, "schedules", LOOK_EVERY_MS, async () => {
    await clock.measure(LOOK_EVERY_MS);
    if ((await lease.hold()) && round++ % ROUNDS_FOR_A_SWEEP === 0) await sweepSchedules(parts);
  });
  return {
    onDue: due.onDue,
    stop: async () => {
      await rounds.stop();
      await due.stop();
      await lease.release().catch(() => undefined);
    },
  };
}

export interface SchedulesPart extends AutomationPart {
  /** Takes over what the ingress reads of due schedules. */
  readonly onDue: OnDue;
}

/** As long as a lease stands that nobody renews, lost orders are not found. */
const LEASE_MS = 45_000;
const LOOK_EVERY_MS = 15_000;
const ROUNDS_FOR_A_SWEEP = 4;

/** What is refused each night is better refused now. */
async function checkInput({ definitions }: AutomationHost, spec: ScheduleSpec): Promise<void> {
  const definition = definitions.get(spec.flow);
  if (definition?.input === undefined) return;
  await validate(`schedule ${spec.name} of ${spec.flow}`, definition.input, spec.input);
}
