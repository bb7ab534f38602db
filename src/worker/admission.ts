/**
 * The gate before a run starts or is taken up: it waits here, its message kept, until its queue is not paused, the queue and
 * its key have a slot for it, and this worker has one to execute it. Nothing is held while it waits: whoever has one slot
 * and not the other gives it back, so that no two runs wait for each other.
 *
 * Runs that were active before go before new ones, and better priorities before worse; of equals the first is first.
 */
import type { Logger } from "pino";
import { NORMAL_RANK, queueOfPlace } from "../engine/priority.ts";
import { parseRunId, type RunRef } from "../engine/run-id.ts";
import type { SlotRefusal, SlotRequest } from "../engine/slot-table.ts";
import { askAfterHolder } from "../history/ask-after-holder.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import { slotRefusalText } from "../wire/slot-refusal-text.ts";
import { encodeWait, waitKey } from "../wire/wait-codec.ts";
import { KeySlots, type LimitedKey } from "./key-slots.ts";
import { LocalLimits } from "./local-limits.ts";
import { QueueLimits } from "./queue-limits.ts";
import type { SlotSet } from "./slot-set.ts";
import type { Slots } from "./slots.ts";
import { PASSED } from "./turns.ts";

export class Admission {
  readonly #host: AdmissionHost;
  readonly #queues = new Map<string, QueueLimits>();
  readonly #keys: KeySlots;
  readonly #local: LocalLimits;
  readonly #opening = new Map<string, Promise<QueueLimits>>();
  /** In the order in which they are let in. */
  readonly #line: Ticket[] = [];
  /** Runs that wait here or have a permit that is not used yet: what calls once that is over. */
  readonly #entering = new Map<string, (() => void)[]>();
  /** What is active, with the slots that it has. */
  readonly #active = new Map<object, ActiveRun>();
  /** Slots of others that somebody here waits for, by run, worker and time. */
  readonly #seen = new Map<string, SeenSlot>();
  #cancelReview: (() => void) | undefined;
  #cancelWake: (() => void) | undefined;
  #cancelBeat: (() => void) | undefined;
  /** When this process was last seen to run, while somebody waits. */
  #beatAt = 0;
  readonly #forgetReconnect: () => void;
  #sweeping = false;
  #closed = false;

  constructor(host: AdmissionHost) {
    this.#host = host;
    const { broker, clock, log } = host;
    this.#forgetReconnect = broker.hints.onReconnect(() => this.#ageAll());
    this.#local = new LocalLimits(host.limits);
    this.#keys = new KeySlots({
      broker,
      clock,
      log,
      worker: host.worker,
      onChange: () => this.#onChange(),
    });
  }

  /** Watches these queues' settings; resolves when they are known. */
  async watch(queues: readonly string[]): Promise<void> {
    await Promise.all(queues.map((queue) => this.#open(queue)));
  }

  /** True when a run of this queue may go on at once, and needs no slot but this worker's own. */
  isOpen(queue: string, flow: string): boolean {
    if (this.#local.namesOf(queue, flow).length > 0) return false;
    return this.#isUnlimited(this.#queues.get(queue));
  }

  #isUnlimited(limits: QueueLimits | undefined): boolean {
    return limits !== undefined && !limits.settings.paused && !limits.isLimited;
  }

  /** True when new runs of the queue wait in more places than one, by priority. */
  isSpread(queue: string): boolean {
    return this.#queues.get(queue)?.settings.priorities ?? true;
  }

  /** How many more new messages of this place are worth having here: its backlog stays with the broker, in order. */
  room(place: string, isDue: boolean): number {
    const { queue, rank } = queueOfPlace(place);
    const limits = this.#queues.get(queue);
    if (limits === undefined) return 0;
    const local = this.#local.room(queue);
    if (this.#isUnlimited(limits) && local === Number.POSITIVE_INFINITY) return local;
    const { paused, rate } = limits.settings;
    if (paused || this.#line.some((ticket) => ticket.waitsFor(limits, rank, isDue))) return 0;
    const { room = Number.POSITIVE_INFINITY } = limits.slots;
    // One waits here even if there is no slot: it learns of the next one at once, and whose holders are gone.
    return Math.min(local, Math.max(1, Math.min(room, rate?.limit ?? Number.POSITIVE_INFINITY)));
  }

  /** How many wait here. */
  get waiting(): number {
    return this.#line.length;
  }

  /**
   * Waits until the run may go on. A permit comes with one of the worker's own slots. Nothing comes when the run is to be
   * looked at anew (somebody else is taking it up), and when the worker drains. Each permit is used by `begin` or given back.
   */
  async enter(entry: Entry): Promise<Permit | undefined> {
    const queue = this.#queues.get(entry.queue) ?? (await this.#open(entry.queue));
    if (this.#closed) return undefined;
    const { id } = entry.run;
    const others = this.#entering.get(id);
    if (others !== undefined) {
      // One message of a run waits for its slot. The others wait for what becomes of that one.
      await new Promise<void>((resolve) => others.push(resolve));
      return undefined;
    }
    this.#entering.set(id, []);
    return new Promise((resolve) => {
      const keySlots = entry.key === undefined ? undefined : this.#keys.use(entry.key);
      const { worker, clock } = this.#host;
      const parts = { entry, queue, keySlots, worker, local: this.#local, now: clock.now() };
      const ticket = new Ticket(parts, resolve);
      const after = this.#line.findIndex(({ rank }) => rank > ticket.rank);
      this.#line.splice(after === -1 ? this.#line.length : after, 0, ticket);
      this.#beat();
      this.#sweep();
    });
  }

  /** An activation begins. Without a permit it takes a slot all the same if its queue has got a limit just now. */
  begin(activation: object, run: string, queue: string, permit: Permit | undefined): void {
    const sets = [...(permit?.sets ?? [])];
    const { keySlots, names = [] } = permit ?? {};
    const active: ActiveRun = { run, queue, sets, keySlots, names };
    this.#active.set(activation, active);
    if (permit !== undefined) this.#entered(run);
    const limits = this.#queues.get(queue);
    if (permit === undefined && limits?.settings.concurrency !== undefined)
      this.#force(active, limits);
  }

  /** True when an activation has something that other runs may wait for. */
  holdsSlot(activation: object): boolean {
    const active = this.#active.get(activation);
    return active !== undefined && active.sets.length + active.names.length > 0;
  }

  /** An activation is over. Who lost its run to another worker leaves the slot to that one. */
  end(activation: object, how: "left" | "lost"): void {
    const active = this.#active.get(activation);
    this.#active.delete(activation);
    if (active === undefined) return;
    if (how === "left") this.#free(active.run, active.sets);
    this.#doneWith(active);
  }

  /** Gives back what came with a permit that no activation used. `ended`: the run was closed or parked by it. */
  giveBack(permit: Permit, how: "unused" | "ended" = "unused"): void {
    if (how === "ended") this.#free(permit.run, permit.sets);
    else this.#giveBack(permit.run, permit.sets);
    this.#doneWith(permit);
    this.#host.slots.give();
    this.#entered(permit.run);
  }

  /** True when the run still has its slots: others may have freed them while it was being taken up. */
  async confirm(permit: Permit): Promise<boolean> {
    const refusals = await Promise.all(
      permit.sets.map((set) => set.take({ ...permit.request, takesOver: false, starts: false })),
    );
    return refusals.every((refusal) => refusal === undefined);
  }

  /** Sends away who waits, and lets nobody in any more. */
  close(): void {
    this.#closed = true;
    this.#cancelReview?.();
    this.#cancelWake?.();
    this.#cancelBeat?.();
    this.#forgetReconnect();
    for (const ticket of this.#line.splice(0)) this.#sendAway(ticket);
  }

  /** Resolves when all slots that were given back are free for others, and watches nothing any more. */
  async settled(): Promise<void> {
    const queues = [...this.#queues.values()];
    await Promise.all([this.#keys.settled(), ...queues.map(({ slots }) => slots.settled())]);
    for (const queue of queues) queue.stop();
  }

  #open(name: string): Promise<QueueLimits> {
    const opening = this.#opening.get(name) ?? this.#openAnew(name);
    this.#opening.set(name, opening);
    return opening;
  }

  async #openAnew(name: string): Promise<QueueLimits> {
    const { broker, clock, log } = this.#host;
    const queue = new QueueLimits(name, {
      worker: this.#host.worker,
      broker,
      clock,
      log,
      onChange: () => this.#onChange(),
      onLimited: (limits) => this.#onLimited(limits),
      onSpread: () => this.#host.onSpread(name),
    });
    try {
      await queue.watch();
    } catch (error) {
      queue.stop();
      this.#opening.delete(name);
      throw error;
    }
    this.#queues.set(name, queue);
    return queue;
  }

  #onChange(): void {
    this.#sweep();
    this.#host.onRoom();
  }

  #onLimited(queue: QueueLimits): void {
    for (const active of this.#active.values()) {
      if (active.queue === queue.name && !active.sets.includes(queue.slots))
        this.#force(active, queue);
    }
  }

  /** It is active already: it takes its slot even if that is one too many. */
  #force(active: ActiveRun, { slots }: QueueLimits): void {
    active.sets.push(slots);
    const { worker } = this.#host;
    slots
      .take({ run: active.run, worker, takesOver: true, starts: false, isActive: true })
      .catch(() => undefined); // The worker stops.
  }

  #free(run: string, sets: readonly SlotSet[]): void {
    for (const set of sets) set.free({ run, worker: this.#host.worker });
  }

  #giveBack(run: string, sets: readonly SlotSet[]): void {
    for (const set of sets) set.giveBack({ run, worker: this.#host.worker });
  }

  #doneWith({ keySlots, names }: Pick<Permit, "keySlots" | "names">): void {
    if (keySlots !== undefined) this.#keys.done(keySlots);
    if (names.length === 0) return;
    this.#local.give(names);
    this.#sweep();
  }

  /** Looks along the line for those that may go on now. */
  #sweep(): void {
    if (this.#sweeping || this.#closed) return;
    this.#sweeping = true;
    // Everything that changes in this turn of the loop is looked at together.
    queueMicrotask(() => {
      this.#sweeping = false;
      if (this.#closed) return;
      let nextAt = Number.POSITIVE_INFINITY;
      for (const ticket of this.#inTurn()) {
        const refusal = ticket.refusal();
        if (refusal === undefined) this.#ask(ticket);
        else if ("until" in refusal) nextAt = Math.min(nextAt, refusal.until);
      }
      this.#wakeAt(nextAt);
      this.#reviewLater();
    });
  }

  /** Those that wait, in the order of the line; but first those that enough better ones have passed. */
  #inTurn(): readonly Ticket[] {
    const waiting = this.#line.filter(({ isAsking }) => !isAsking);
    const due = waiting.filter(({ passed }) => passed >= PASSED);
    return due.length === 0 ? waiting : [...new Set([...due, ...waiting])];
  }

  #wakeAt(time: number): void {
    this.#cancelWake?.();
    const { clock } = this.#host;
    this.#cancelWake =
      time === Number.POSITIVE_INFINITY
        ? undefined
        : clock.after(Math.max(1, time - clock.now()), () => this.#sweep());
  }

  /** First a slot of this worker, then the shared ones: those are taken for no longer than they are used. */
  #ask(ticket: Ticket): void {
    ticket.isAsking = true;
    const unclaim = ticket.sets.map((set) => set.claim());
    this.#local.take(ticket.names);
    const rank = ticket.rank === RESUMED ? NORMAL_RANK : ticket.rank;
    const take = (): void => {
      void this.#take(ticket).finally(() => {
        for (const undo of unclaim) undo();
        if (!ticket.isIn) this.#local.give(ticket.names);
        ticket.isAsking = false;
        this.#sweep();
      });
    };
    this.#host.slots.take("fresh", take, rank);
  }

  async #take(ticket: Ticket): Promise<void> {
    const { slots, clock } = this.#host;
    const taken: SlotSet[] = [];
    const startedAt = clock.now();
    const giveBack = (): void => {
      this.#giveBack(ticket.entry.run.id, taken);
      slots.give();
    };
    if (!this.#line.includes(ticket) || ticket.refusal(false) !== undefined) return giveBack();
    for (const set of ticket.sets) {
      const refusal = await set.take(ticket.request).catch(() => STOPPED);
      if (refusal !== undefined) {
        // Somebody was faster. From now on it is heard of when there is one.
        if (refusal !== STOPPED) void set.watch().catch(() => undefined);
        return giveBack();
      }
      taken.push(set);
    }
    const at = this.#line.indexOf(ticket);
    if (at === -1) return giveBack();
    this.#line.splice(at, 1);
    const { entry, keySlots, request } = ticket;
    const { run, takesOver } = entry;
    const isSure = !takesOver && clock.now() - startedAt < this.#host.leaseMs / 2;
    if (clock.now() - this.#beatAt > this.#longestGapMs) entry.onAged();
    ticket.isIn = true;
    for (const other of this.#line) {
      const isPassed = ticket.rank !== RESUMED && other.rank > ticket.rank;
      if (isPassed && other.queue === ticket.queue) other.passed++;
    }
    ticket.resolve({ run: run.id, request, sets: taken, keySlots, names: ticket.names, isSure });
    this.#host.onRoom();
  }

  /**
   * A process that was stopped for a lease, or cut off, may have lost the messages that wait here to somebody who is done with
   * them by now: from then on they are only good for being exchanged (I4).
   */
  #beat(): void {
    if (this.#cancelBeat !== undefined || this.#closed) return;
    const { clock, leaseMs } = this.#host;
    this.#beatAt = clock.now();
    this.#cancelBeat = clock.after(
      leaseMs * BEAT_SHARE,
      () => {
        this.#cancelBeat = undefined;
        if (clock.now() - this.#beatAt > this.#longestGapMs) this.#ageAll();
        if (this.#line.length > 0) this.#beat();
      },
      "upkeep",
    );
  }

  get #longestGapMs(): number {
    return this.#host.leaseMs * LONGEST_GAP_SHARE;
  }

  #ageAll(): void {
    for (const { entry } of this.#line) entry.onAged();
  }

  /** While somebody waits for a slot: looks whether those who have one still need it. */
  #reviewLater(): void {
    if (this.#cancelReview !== undefined || this.#line.length === 0) return;
    this.#cancelReview = this.#host.clock.after(REVIEW_MS, () => {
      void this.#review()
        .catch(() => undefined) // The broker is away: the next review looks again.
        .finally(() => {
          this.#cancelReview = undefined;
          if (!this.#closed) this.#sweep();
        });
    });
  }

  async #review(): Promise<void> {
    const full = new Set<SlotSet>();
    for (const ticket of this.#line.filter(({ isAsking }) => !isAsking)) {
      const refusal = ticket.refusal();
      if (refusal === undefined) continue;
      if (refusal.reason !== "limit" && refusal.reason !== "held") continue;
      for (const set of ticket.sets) full.add(set);
      if (refusal.reason === "limit") this.#askForTurn(ticket);
      // Another worker is taking it up: it is that one's, or it is to be had.
      if (refusal.reason === "held") this.#sendAway(ticket);
    }
    for (const set of full) await this.#reviewHolders(set);
    await this.#tellWaits();
  }

  /** Others may have been faster each time. */
  #askForTurn({ since, sets, request }: Ticket): void {
    if (this.#host.clock.now() - since < REVIEW_MS) return;
    for (const set of sets) if (set.refusal(request)?.reason === "limit") set.askForTurn();
  }

  /** Tells those who ask what the first of the line wait for, where nobody else can know: by which key they are limited. */
  async #tellWaits(): Promise<void> {
    const { broker, clock } = this.#host;
    const now = clock.now();
    const silent = this.#line.filter(
      ({ toldAt, keySlots }) => keySlots !== undefined && now - toldAt > TELL_MS,
    );
    for (const ticket of silent.slice(0, MOST_TOLD)) {
      const { entry, keySlots, request } = ticket;
      const refusal = keySlots?.refusal(request);
      if (refusal === undefined || !entry.starts) continue;
      ticket.toldAt = now;
      const key = waitKey(entry.run);
      const expected = (await broker.control.read(key))?.revision ?? 0;
      const text = slotRefusalText(refusal, `key ${entry.key?.key}`);
      const holders = refusal.reason === "limit" ? refusal.holders.map(({ run }) => run) : [];
      const told = encodeWait({ text, holders: holders.slice(0, MOST_HOLDERS) });
      await broker.control.write(key, told, expected, { ttlMs: 2 * TELL_MS });
    }
  }

  #sendAway(ticket: Ticket): void {
    const at = this.#line.indexOf(ticket);
    if (at !== -1) this.#line.splice(at, 1);
    this.#doneWith({ keySlots: ticket.keySlots, names: [] });
    ticket.resolve(undefined);
    this.#entered(ticket.entry.run.id);
  }

  #entered(run: string): void {
    const others = this.#entering.get(run) ?? [];
    this.#entering.delete(run);
    for (const call of others) call();
  }

  async #reviewHolders(set: SlotSet): Promise<void> {
    await set.look();
    const mine = new Set([...this.#active.values()].map(({ run }) => run));
    const others = set.holders.filter(({ run }) => !mine.has(run));
    const { clock, leaseMs } = this.#host;
    if (this.#seen.size > MOST_REMEMBERED) this.#seen.clear();
    for (const { run, worker, since } of pick(others, MOST_ASKED)) {
      const name = `${run} ${worker} ${since}`;
      // Each worker counts by its own clock, from when it saw the slot first.
      const now = clock.now();
      const seen = this.#seen.get(name) ?? { at: now, idleSince: undefined };
      this.#seen.set(name, seen);
      if (now - seen.at < YOUNG_MS) continue;
      const isActive = (await askAfterHolder(this.#host, parseRunId(run))) === "active";
      seen.idleSince = isActive ? undefined : (seen.idleSince ?? now);
      // It may be about to begin.
      if (seen.idleSince === undefined || clock.now() - seen.idleSince < leaseMs) continue;
      this.#seen.delete(name);
      this.#host.log.warn({ run, holder: worker }, "A slot is free again: its run is not active");
      set.free({ run, worker, since });
    }
  }
}

/** A run that wants to go on. */
export interface Entry {
  readonly run: RunRef;
  readonly queue: string;
  /** It has no history yet. */
  readonly starts: boolean;
  /** It is active, and its holder is gone: neither a pause nor a limit stops it, if it has its slot. */
  readonly takesOver: boolean;
  /** Which new runs go first: 1 before 2. */
  readonly rank: number;
  /** Its message may be somebody else's by now. */
  readonly onAged: () => void;
  /** By which its flow's runs are limited, if they are. */
  readonly key: LimitedKey | undefined;
}

/** Leave to go on, with the slots that were taken for it. */
export interface Permit {
  readonly run: string;
  readonly request: SlotRequest;
  readonly sets: readonly SlotSet[];
  readonly keySlots: SlotSet | undefined;
  /** The limits of this worker alone that it comes under. */
  readonly names: readonly string[];
  /** The slots were taken just now: nobody can have freed them. */
  readonly isSure: boolean;
}

export interface AdmissionHost {
  readonly worker: string;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Logger;
  readonly slots: Slots;
  readonly leaseMs: number;
  /** Runs that may be active here at once, by the name of their queue or flow. */
  readonly limits: ReadonlyMap<string, number>;
  /** New runs of the queue wait in places of their own, by priority, from now on. */
  readonly onSpread: (queue: string) => void;
  /** There may be room for more. */
  readonly onRoom: () => void;
}

/** One run in the line. */
class Ticket {
  readonly entry: Entry;
  readonly queue: QueueLimits;
  readonly keySlots: SlotSet | undefined;
  readonly names: readonly string[];
  readonly rank: number;
  readonly #local: LocalLimits;
  readonly request: SlotRequest;
  readonly resolve: (permit: Permit | undefined) => void;
  /** It looked as if it could go on, and is trying to. */
  isAsking = false;
  /** How many of better priorities came later and went first. */
  passed = 0;
  /** It has got its permit. */
  isIn = false;
  readonly since: number;
  /** When it was last told what it waits for. */
  toldAt = 0;

  constructor(parts: TicketParts, resolve: (permit: Permit | undefined) => void) {
    const { entry, queue, keySlots, worker, local, now } = parts;
    this.since = now;
    this.names = local.namesOf(entry.queue, entry.run.flow);
    this.#local = local;
    this.entry = entry;
    this.queue = queue;
    this.keySlots = keySlots;
    this.resolve = resolve;
    this.rank = entry.starts ? entry.rank : RESUMED;
    const { starts, takesOver } = entry;
    this.request = { run: entry.run.id, worker, takesOver, starts, isActive: false };
  }

  /** The shared slots that it needs: those of its key before those of its queue. */
  get sets(): readonly SlotSet[] {
    const sets = this.keySlots === undefined ? [] : [this.keySlots];
    return this.queue.isLimited ? [...sets, this.queue.slots] : sets;
  }

  /** True when it is new, and nothing but this queue keeps it from starting: another of the queue would wait behind it. */
  waitsFor(queue: QueueLimits, rank: number, isDue: boolean): boolean {
    if (this.queue !== queue || this.rank === RESUMED) return false;
    // A better one that waits here need not keep a worse one away whose turn it is.
    if (isDue ? this.rank !== rank : this.rank > rank) return false;
    return this.keySlots?.refusal(this.request) === undefined;
  }

  /** Why it cannot go on, as far as is known here. */
  refusal(slotsToo = true): SlotRefusal | { readonly reason: "paused" | "worker" } | undefined {
    if (this.queue.settings.paused && !this.entry.takesOver) return { reason: "paused" };
    if (!slotsToo) return undefined;
    if (this.names.some((name) => this.#local.room(name) === 0)) return { reason: "worker" };
    for (const set of this.sets) {
      const refusal = set.refusal(this.request);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }
}

interface TicketParts {
  readonly entry: Entry;
  readonly queue: QueueLimits;
  readonly keySlots: SlotSet | undefined;
  readonly worker: string;
  readonly local: LocalLimits;
  readonly now: number;
}

interface ActiveRun {
  readonly run: string;
  readonly queue: string;
  readonly sets: SlotSet[];
  readonly keySlots: SlotSet | undefined;
  readonly names: readonly string[];
}

/** Somebody else's slot, as seen here. */
interface SeenSlot {
  readonly at: number;
  /** Since when its run was not active, each time somebody looked. */
  idleSince: number | undefined;
}

const STOPPED = Symbol("the worker stops");

const RESUMED = 0;
/** Of the lease: how often this process looks whether it ran all the time, and the longest time that it may not have. */
const BEAT_SHARE = 0.2;
const LONGEST_GAP_SHARE = 0.5;
const REVIEW_MS = 1_000;
/** A slot that is younger is not asked after. */
const YOUNG_MS = 2_000;
/** Holders that are asked after in one review. */
const MOST_ASKED = 20;
/** How often it is told what a run waits for, and of how many runs at once. */
const TELL_MS = 30_000;
const MOST_TOLD = 20;
/** Holders that are named. */
const MOST_HOLDERS = 10;
const MOST_REMEMBERED = 10_000;

/** Some of many: others each time. */
function pick<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all;
  const from = Math.floor(Math.random() * all.length);
  return [...all.slice(from), ...all.slice(0, from)].slice(0, most);
}
