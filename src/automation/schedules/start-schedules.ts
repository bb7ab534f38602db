import { ControlLease } from "../../client/control-lease.ts";
import { declareSchedule } from "../../client/declare-schedule.ts";
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
    await declareSchedule(millrace.host, spec, "code");
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
  const rounds = new Rounds(timers, LOOK_EVERY_MS, async (round) => {
    await clock.measure(LOOK_EVERY_MS);
    if ((await lease.hold()) && round % ROUNDS_FOR_A_SWEEP === 0) await sweepSchedules(parts);
  });
  rounds.begin((error) => log.warn({ err: error }, "Schedules are not looked after: tried again"));
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

/** The same work again and again, the first time at once, never twice at a time. */
class Rounds {
  readonly #clock: AutomationHost["clock"];
  readonly #everyMs: number;
  readonly #work: (round: number) => Promise<void>;
  #cancel: (() => void) | undefined;
  #going: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    clock: AutomationHost["clock"],
    everyMs: number,
    work: (round: number) => Promise<void>,
  ) {
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#work = work;
  }

  begin(onError: (error: unknown) => void, round = 0): void {
    this.#going = this.#work(round)
      .catch(onError)
      .then(() => {
        if (this.#stopped) return;
        this.#cancel = this.#clock.after(this.#everyMs, () => this.begin(onError, round + 1));
      });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#going;
  }
}
