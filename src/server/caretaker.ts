/**
 * The caretaker repairs what a protocol among crashing processes leaves behind in rare cases: runs that wait for a message
 * which will not come. Nothing depends on it but the time that this takes.
 *
 * - The projection says which runs may need something, and the log, read from the leader, says whether they do.
 * - A repair is a wake. A wake too many is acked by whoever is handed it, so two caretakers harm nobody.
 */

import { ControlLease } from "../client/control-lease.ts";
import { workOnEach } from "../client/outcomes.ts";
import { Rounds } from "../client/rounds.ts";
import type { RunRow } from "../projections/run-row.ts";
import { HandedOut } from "./caretaker/handed-out.ts";
import { inspectLog } from "./caretaker/inspect-log.ts";
import type { CaretakerRule, RepairName } from "./caretaker/rule.ts";
import { type Stall, Stalls } from "./caretaker/stalls.ts";
import { wakeAbandoned } from "./caretaker/wake-abandoned.ts";
import { wakeOverdue } from "./caretaker/wake-overdue.ts";
import { wakeUnfolded } from "./caretaker/wake-unfolded.ts";
import type { ServerHost, ServerPart } from "./server-host.ts";

/** Looks after the runs of a namespace. Of several replicas one does so at a time. */
export function startCaretaker(
  host: ServerHost,
  options: Partial<CaretakerOptions> = {},
): Caretaker {
  const settings = { ...CARETAKER_DEFAULTS, ...options };
  const counts: Record<RepairName, number> = {
    "wake-unfolded": 0,
    "wake-overdue": 0,
    "wake-abandoned": 0,
    "dead-letter": 0,
  };
  const lease = leaseOf(host, "caretaker", settings.leaseMs);
  const beats = [
    wakeUnfolded(settings.inputPatienceMs),
    wakeOverdue(settings.wakePatienceMs),
    wakeAbandoned(settings.holderPatienceMs),
  ].map((rule) => new Beat(host, rule, settings));
  const stalls = new Stalls(host.log, settings.stallMs);
  let isAtWork = false;
  const rounds = new Rounds(host, "the caretaker", settings.everyMs, async () => {
    isAtWork = await lease.hold();
    if (!isAtWork) return;
    const progress = await host.millrace.broker.queues.progress();
    stalls.see(progress, host.clock.now());
    const handedOut = new HandedOut(progress);
    for (const beat of beats) counts[beat.name] += await beat.walk(handedOut);
  });
  const ended = new AbortController();
  const inspection = { minAgeMs: settings.uselessAfterMs, signal: ended.signal };
  const looks = new Rounds(host, "the look through the log", settings.inspectEveryMs, async () => {
    const { partitions } = host.millrace.broker.feed;
    for (let partition = 0; partition < partitions && lease.isHeld; partition++) {
      counts["dead-letter"] += await inspectLog(host, partition, inspection);
    }
  });
  return {
    get status() {
      return { isAtWork, repairs: { ...counts }, stalled: isAtWork ? stalls.now : [] };
    },
    stop: async () => {
      ended.abort();
      await Promise.all([rounds.stop(), looks.stop()]);
      await lease.release().catch(() => undefined); // It runs out by itself.
    },
  };
}

export interface Caretaker extends ServerPart {
  readonly status: CaretakerStatus;
}

export interface CaretakerStatus {
  /** False: another replica does it. */
  readonly isAtWork: boolean;
  /** What this replica has repaired since it started. */
  readonly repairs: Readonly<Record<RepairName, number>>;
  /** Queues whose messages the broker does not hand out although workers ask for them. */
  readonly stalled: readonly Stall[];
}

/** Times in milliseconds. */
export interface CaretakerOptions {
  readonly everyMs: number;
  /** Runs that a rule looks at in a round: the next ones come in the next round. */
  readonly perRound: number;
  /** Runs that are looked at together. */
  readonly concurrency: number;
  /** How old an input of a suspended run gets before the run is woken for it. */
  readonly inputPatienceMs: number;
  /** How late a wake-up of the broker may be. */
  readonly wakePatienceMs: number;
  /** How long nothing was recorded of a run before its holder is asked after. */
  readonly holderPatienceMs: number;
  /** How long the broker may hand out nothing of a queue although workers ask for it. */
  readonly stallMs: number;
  /** How old a message gets before it is looked at whether anybody can use it. */
  readonly uselessAfterMs: number;
  readonly inspectEveryMs: number;
  /** After so long another replica takes the place of one that died. */
  readonly leaseMs: number;
}

const CARETAKER_DEFAULTS: CaretakerOptions = Object.freeze({
  everyMs: 5_000,
  perRound: 500,
  concurrency: 16,
  inputPatienceMs: 10_000,
  wakePatienceMs: 5_000,
  holderPatienceMs: 10_000,
  stallMs: 30_000,
  uselessAfterMs: 600_000,
  inspectEveryMs: 60_000,
  leaseMs: 15_000,
});

/** One rule's way round all runs that may need it: so many a round, and no run is left out. */
class Beat {
  readonly #host: ServerHost;
  readonly #rule: CaretakerRule;
  readonly #options: CaretakerOptions;
  #after: string | undefined;

  constructor(host: ServerHost, rule: CaretakerRule, options: CaretakerOptions) {
    this.#host = host;
    this.#rule = rule;
    this.#options = options;
  }

  get name(): RepairName {
    return this.#rule.name;
  }

  /** The next stretch. Gives how many runs it has repaired; what cannot be looked at now comes with the next way round. */
  async walk(handedOut: HandedOut): Promise<number> {
    const { perRound: limit, concurrency } = this.#options;
    const page = { limit, ...(this.#after === undefined ? {} : { after: this.#after }) };
    const rows = await this.#rule.candidates(this.#host, page);
    this.#after = rows.length < limit ? undefined : rows.at(-1)?.id;
    let repaired = 0;
    const look = (row: RunRow): Promise<boolean> => this.#look(row, handedOut);
    for await (const was of workOnEach(rows, look, { concurrency, order: "ends" })) {
      if (was) repaired++;
    }
    return repaired;
  }

  async #look(row: RunRow, handedOut: HandedOut): Promise<boolean> {
    const { log } = this.#host;
    try {
      const was = await this.#rule.repair(this.#host, row, handedOut);
      if (was) log.info({ run: row.id, rule: this.name }, "The caretaker woke a run");
      return was;
    } catch (error) {
      log.debug({ run: row.id, rule: this.name, err: error }, "The caretaker looks at a run later");
      return false;
    }
  }
}

function leaseOf(host: ServerHost, what: string, ttlMs: number): ControlLease {
  const { control } = host.millrace.broker;
  return new ControlLease({ control, clock: host.clock, what, holder: host.replica, ttlMs });
}
