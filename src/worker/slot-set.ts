/**
 * One worker's view of the slots of a queue, or of one key of a flow. What it takes and frees goes out in one
 * compare-and-set at a time; what comes up meanwhile shares the next.
 */
import type { Logger } from "pino";
import {
  EMPTY_SLOTS,
  type FreedSlot,
  freeSlot,
  type SlotHolder,
  type SlotLimits,
  type SlotRefusal,
  type SlotRequest,
  type SlotTable,
  takeSlot,
} from "../engine/slot-table.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import type { ControlRecord } from "../ports/control-store.ts";
import { decodeSlotTable, encodeSlotTable } from "../wire/slot-table-codec.ts";

export class SlotSet {
  readonly #parts: SlotSetParts;
  readonly #takes = new Map<string, Take>();
  /** To be freed, by run and worker. */
  readonly #frees = new Map<string, FreedSlot>();
  /** From whom slots were taken with their runs, by run. */
  readonly #takenFrom = new Map<string, string>();
  #known: Known | undefined;
  #claims = 0;
  /** This worker has waited for long, and says so with the next write. */
  #wantsTurn = false;
  /** Since when there is a slot that another worker was to have first. */
  #leftSince: number | undefined;
  #working: Promise<void> | undefined;
  #stopWatching: (() => void) | undefined;
  #watching = false;

  constructor(parts: SlotSetParts) {
    this.#parts = parts;
  }

  /** Of the control record. */
  get key(): string {
    return this.#parts.key;
  }

  /** Takes a slot. Gives nothing once it has one, or why it has none. */
  take(request: SlotRequest): Promise<SlotRefusal | undefined> {
    return new Promise((resolve, reject) => {
      this.#takes.set(request.run, { request, resolve, reject });
      this.#frees.delete(`${request.run} ${request.worker}`);
      this.#work();
    });
  }

  /** Gives a slot back, unless another worker has it by now. Done in the background. */
  free(holder: Omit<FreedSlot, "to">): void {
    this.#takenFrom.delete(holder.run);
    this.#frees.set(`${holder.run} ${holder.worker}`, holder);
    this.#work();
  }

  /**
   * The same for a slot that nothing came of. One that was to come with its run goes back to whoever had it: that worker has
   * the run, or somebody else took it up and has the slot already, or the run ended, and who waits finds that out.
   */
  giveBack({ run, worker }: Pick<FreedSlot, "run" | "worker">): void {
    const to = this.#takenFrom.get(run);
    if (to === undefined) return this.free({ run, worker });
    this.#frees.set(`${run} ${worker}`, { run, worker, to });
    this.#work();
  }

  /** Why a request would be refused, as far as is known here: nothing when it is worth a try. */
  refusal(request: SlotRequest): SlotRefusal | undefined {
    if (this.#known === undefined) return undefined;
    const { table } = this.#known;
    const limits = this.#parts.limits();
    const { limit } = limits;
    if (limit !== undefined && table.holders.length + this.#claims >= limit) {
      const isHeld = table.holders.some(({ run }) => run === request.run);
      if (!isHeld && !request.isActive) return { reason: "limit", limit, holders: table.holders };
    }
    const now = this.#parts.clock.now();
    const answer = takeSlot(table, limits, request, now);
    return answer.granted ? this.#leaves(table, request, now) : answer.refusal;
  }

  /** A run has waited here for long, and others were always faster: they are asked to leave this worker the next slot. */
  askForTurn(): void {
    if (this.#known === undefined || this.#known.table.asking !== "") return;
    this.#wantsTurn = true;
    this.#work();
  }

  /** True for a slot that another worker asked for: it is left to that one for a moment, which may be dead. */
  #leaves(table: SlotTable, request: SlotRequest, now: number): SlotRefusal | undefined {
    if (!request.starts || table.asking === "" || table.asking === request.worker) {
      this.#leftSince = undefined;
      return undefined;
    }
    this.#leftSince ??= now;
    const until = this.#leftSince + LEAVE_MS;
    return now < until ? { reason: "turn", until } : undefined;
  }

  /** Somebody is about to take: others look at one slot less. */
  claim(): () => void {
    this.#claims++;
    return () => this.#claims--;
  }

  /** How many slots look free, if there is a limit. */
  get room(): number | undefined {
    const { limit } = this.#parts.limits();
    const held = (this.#known?.table.holders.length ?? 0) + this.#claims;
    return limit === undefined ? undefined : Math.max(0, limit - held);
  }

  get holders(): readonly SlotHolder[] {
    return this.#known?.table.holders ?? [];
  }

  /** Hears of what other workers take and free, from now on. */
  async watch(): Promise<void> {
    if (this.#watching) return;
    this.#watching = true;
    const { broker, key } = this.#parts;
    try {
      const stop = await broker.control.watch(key, (record) => this.#hear(record));
      if (this.#watching) this.#stopWatching = stop;
      else stop();
    } catch (error) {
      this.#watching = false;
      throw error;
    }
  }

  /** Reads the record: what was told of may have been lost. */
  async look(): Promise<void> {
    this.#hear(await this.#parts.broker.control.read(this.#parts.key));
  }

  /** Resolves when all that was asked for is durable. */
  async settled(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  stop(): void {
    this.#watching = false;
    this.#stopWatching?.();
    for (const { reject } of this.#takes.values()) reject(new Error("The worker stops."));
    this.#takes.clear();
    this.#wantsTurn = false;
  }

  #hear(record: ControlRecord | undefined): void {
    if (record === undefined) {
      // It expired. A write of ours that is under way brings it back.
      if (this.#working === undefined) this.#known = NOTHING_KNOWN;
    } else if (record.revision > (this.#known?.revision ?? -1)) this.#known = this.#knownOf(record);
    this.#parts.onChange();
  }

  get #isBusy(): boolean {
    return this.#wantsTurn || this.#takes.size + this.#frees.size > 0;
  }

  #work(): void {
    this.#working ??= this.#settleAll().finally(() => {
      this.#working = undefined;
      if (this.#isBusy) this.#work();
    });
  }

  async #settleAll(): Promise<void> {
    const { broker, clock, log, key } = this.#parts;
    // What is asked for in this turn of the loop goes out together.
    await Promise.resolve();
    for (let tries = 0; this.#isBusy; ) {
      let failure: unknown;
      try {
        const result = await this.#settleOnce();
        if (result === "done") tries = 0;
        if (result === "done" || result === "conflict") continue;
        failure = result.cause;
      } catch (error) {
        failure = error;
      }
      this.#known = undefined;
      if (broker.closed.aborted) return this.stop();
      if (tries === 0) log.warn({ err: failure, slots: key }, "Slots cannot be taken or freed now");
      const pauseMs = Math.min(1_000, 50 * 2 ** tries++);
      await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
    }
  }

  /** Reads if it must, and writes once. */
  async #settleOnce(): Promise<"done" | "conflict" | { readonly cause: unknown }> {
    const { broker, clock, key } = this.#parts;
    const known = this.#known ?? this.#knownOf(await broker.control.read(key));
    this.#known = known;
    const frees = [...this.#frees];
    const now = clock.now();
    const { table, answers } = this.#changed(known.table, frees, now);
    if (table !== known.table) {
      const { revision } = known;
      const outcome = await broker.control.write(
        key,
        encodeSlotTable(table),
        revision,
        lifetime(table, this.#parts.limits(), now),
      );
      if (outcome.status !== "written") {
        this.#known = undefined;
        return outcome.status === "conflict" ? "conflict" : { cause: outcome.cause };
      }
      this.#learn({ table, revision: outcome.sequence });
    }
    for (const [name, freed] of frees) {
      if (this.#frees.get(name) !== freed) continue;
      this.#frees.delete(name);
      this.#takenFrom.delete(freed.run);
    }
    this.#wantsTurn = false;
    for (const [take, refusal] of answers) this.#answer(take, refusal);
    if (frees.length > 0) this.#parts.onChange();
    return "done";
  }

  /** What the table is when all that is asked for has happened, as far as it can. */
  #changed(
    before: SlotTable,
    frees: readonly (readonly [string, FreedSlot])[],
    now: number,
  ): { readonly table: SlotTable; readonly answers: readonly Answer[] } {
    const limits = this.#parts.limits();
    const answers: Answer[] = [];
    let table = before;
    for (const [, freed] of frees) table = freeSlot(table, freed);
    for (const take of this.#takes.values()) {
      const answer = takeSlot(table, limits, take.request, now);
      const left = answer.granted ? this.#leaves(table, take.request, now) : answer.refusal;
      const { run, worker } = take.request;
      const holder = table.holders.find((one) => one.run === run)?.worker;
      // It is this worker's when a write was stored that was not confirmed: then it is known from whom.
      if (holder !== worker) take.from = holder;
      // Whoever asked for a turn has had it, or has not taken it.
      if (answer.granted && left === undefined) table = { ...answer.table, asking: "" };
      answers.push([take, left]);
    }
    if (this.#wantsTurn && answers.length === 0 && table.asking === "") {
      table = { ...table, asking: this.#parts.worker };
    }
    const { label } = this.#parts;
    return { table: table === before ? before : { ...table, label }, answers };
  }

  #answer(take: Take, refusal: SlotRefusal | undefined): void {
    const { run } = take.request;
    if (this.#takes.get(run) !== take) return;
    this.#takes.delete(run);
    if (refusal === undefined && take.from !== undefined) this.#takenFrom.set(run, take.from);
    take.resolve(refusal);
  }

  /** It may have been told of already, and of newer ones. */
  #learn(known: Known): void {
    if (known.revision > (this.#known?.revision ?? 0)) this.#known = known;
  }

  #knownOf(record: ControlRecord | undefined): Known {
    if (record === undefined) return NOTHING_KNOWN;
    const decoded = decodeSlotTable(record.data);
    if (decoded.kind === "ok") return { table: decoded.value, revision: record.revision };
    const { log, key } = this.#parts;
    // The next write replaces it: slots that nobody can read must not stop a queue for ever (I11).
    log.error(
      { slots: key, reason: decoded.reason },
      "Slots that cannot be understood count as free",
    );
    return { table: EMPTY_SLOTS, revision: record.revision };
  }
}

export interface SlotSetParts {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Logger;
  readonly worker: string;
  /** Of the control record. */
  readonly key: string;
  /** What the slots are for, to be shown. */
  readonly label: string;
  /** As they are at this moment. */
  readonly limits: () => SlotLimits;
  /** There may be a slot now where there was none. */
  readonly onChange: () => void;
}

interface Known {
  readonly table: SlotTable;
  readonly revision: number;
}

interface Take {
  readonly request: SlotRequest;
  readonly resolve: (refusal: SlotRefusal | undefined) => void;
  readonly reject: (error: Error) => void;
  /** Another worker that had a slot for the run. */
  from?: string | undefined;
}

type Answer = readonly [Take, SlotRefusal | undefined];

/** So long a free slot is left to the worker that asked for it. */
const LEAVE_MS = 50;

const NOTHING_KNOWN: Known = { table: EMPTY_SLOTS, revision: 0 };

/** A record that nobody has a slot in goes away by itself. */
const UNUSED_MS = 60_000;

function lifetime(
  table: SlotTable,
  { rate }: SlotLimits,
  now: number,
): { readonly ttlMs?: number } {
  if (table.holders.length > 0) return {};
  const lastStart = table.starts.at(-1)?.until ?? now;
  return { ttlMs: Math.max(0, lastStart - now) + (rate?.perMs ?? 0) + UNUSED_MS };
}
