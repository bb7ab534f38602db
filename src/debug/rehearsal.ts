import type { Logger } from "pino";
import type { AnyDefinition } from "../definition/definition.ts";
import type { EventAddress } from "../engine/event-address.ts";
import type { PlainInput } from "../engine/input.ts";
import { Journal } from "../engine/journal.ts";
import type { Payload, PlainPayload } from "../engine/payload.ts";
import { BlobStoreError } from "../engine/payload-errors.ts";
import type { RunEvent } from "../engine/run-event.ts";
import { outcomeOf, type RunOutcome } from "../engine/run-outcome.ts";
import type { StepId } from "../engine/step-id.ts";
import type { RecordedRun } from "../history/recorded-run.ts";
import {
  BEFORE_ALL,
  commandOf,
  type PlacedEvent,
  placedEvents,
} from "../history/resolve-address.ts";
import type { Stored } from "../ports/run-log.ts";
import { decodeInput } from "../wire/input-codec.ts";
import { Annotated } from "../worker/annotated.ts";
import { Cancellation } from "../worker/cancellation.ts";
import { tellUnrepeatable, UNGUARDED, type UnrepeatableCall } from "../worker/determinism-guard.ts";
import { drained } from "../worker/drained.ts";
import { encodeWithin } from "../worker/encode-within.ts";
import { FlowPlay } from "../worker/flow-play.ts";
import { OpenedPayloads } from "../worker/opened-payloads.ts";
import { parkedBy, parkedUnreadable } from "../worker/park-reason.ts";
import { CommandLog } from "./command-log.ts";
import { type ProbableChange, probableChange } from "./probable-change.ts";
import { endsDiffer, type ReplayEnd } from "./replay-end.ts";
import type { ReplayMoment, ReplayPayloads } from "./replay-options.ts";
import type { ReplayParks } from "./replay-parks.ts";
import type { Replay } from "./replay-result.ts";
import type { ReplayedCommand } from "./replayed-command.ts";

/** One play of a flow without a worker: it has what it takes to show the flow its history, and nothing else. */
export class Rehearsal {
  readonly #run: RecordedRun;
  readonly #parts: RehearsalParts;
  readonly #events: readonly PlacedEvent[];
  readonly #placeOf: ReadonlyMap<RunEvent, PlacedEvent>;
  readonly #inputs: ReadonlyMap<number, PlainInput>;
  readonly #log: CommandLog;
  readonly #journal: Journal;
  readonly #opened: OpenedPayloads;
  readonly #warnings = new Map<string, UnrepeatableCall>();
  readonly #play: FlowPlay;
  readonly #unguard: () => void;
  #parked: Parked | undefined;
  #parkedAt = BEFORE_ALL;
  /** A store is away: that says nothing of the run. */
  #trouble: BlobStoreError | undefined;
  #isOver = false;

  constructor(run: RecordedRun, parts: RehearsalParts) {
    const { definition, payloads, log } = parts;
    const { submission } = run;
    this.#run = run;
    this.#parts = parts;
    this.#log = new CommandLog(parts.hasPlaces);
    this.#events = placedEvents(run.frames);
    this.#placeOf = new Map(this.#events.map((placed) => [placed.event, placed]));
    this.#inputs = inputsOf(run.inbox);
    const inputAt = (sequence: number): PlainInput | undefined => this.#inputs.get(sequence);
    const history = this.#history;
    this.#journal = new Journal(history[0]?.at ?? submission.submittedAt, inputAt);
    this.#opened = new OpenedPayloads({
      inputAt,
      open: (payload) => {
        try {
          return payloads.open(payload);
        } catch (error) {
          return Promise.reject(asError(error));
        }
      },
    });
    const guard = parts.guards ? tellUnrepeatable((call) => this.#warn(call)) : UNGUARDED;
    this.#unguard = () => guard.stop();
    const cancellation = new Cancellation({ deadlineAt: 0, record: () => undefined });
    this.#play = new FlowPlay(
      {
        definition,
        submission,
        guard,
        journal: this.#journal,
        payloads: this.#opened,
        cancellation,
        annotated: new Annotated(history, {
          runId: submission.runId,
          submitted: submission.attributes,
          seal: (payload) => payload,
          onChange: () => undefined,
        }),
        maxPayloadBytes: payloads.maxBytes,
        taker: this.#log,
        log: () => log,
        record: () => undefined,
        isOver: () => this.#isOver,
        onAnnotated: () => undefined,
        onAttributes: () => undefined,
        onEnd: () => undefined,
        openInput: () => this.#openInput(),
        before: (event) => this.#before(event),
        goesOn: () => !this.#isOver,
        canShow: (event, opening) => this.#canShow(event, opening),
        see: (event) => {
          cancellation.see(event);
          this.#show(event);
        },
      },
      history,
    );
  }

  async play(): Promise<Replay> {
    try {
      await this.#play.begin();
      await drained();
      const unasked = await this.#play.replay(this.#history);
      if (unasked !== undefined) this.#park(parkedBy(unasked.mismatch), unasked.event);
      const replayed = await this.#verdict(unasked?.event);
      if (this.#trouble !== undefined) throw this.#trouble;
      return replayed;
    } finally {
      this.#isOver = true;
      this.#unguard();
    }
  }

  get #history(): readonly RunEvent[] {
    return this.#events.map(({ event }) => event);
  }

  async #verdict(unasked: RunEvent | undefined): Promise<Replay> {
    const outcome = this.#end();
    // What it asks for from now on is asked in vain, and is no part of the replay.
    const commands = [...this.#log.all];
    const { shown } = this.#log;
    const hint = unasked === undefined ? undefined : await this.#hint(unasked);
    const parks = this.#parks(commands, hint);
    const isWhole = shown.event === this.#events.length;
    const differs = parks === undefined && isWhole ? await this.#differs(outcome) : undefined;
    return {
      run: this.#run.submission.runId,
      verdict: parks !== undefined ? "parks" : differs !== undefined ? "differs" : "fits",
      ...(parks === undefined ? {} : { parks }),
      ...(differs === undefined ? {} : { differs }),
      ...(outcome === undefined ? {} : { outcome }),
      commands,
      patches: this.#log.patches,
      warnings: [...this.#warnings.values()],
      shown,
      events: this.#events.length,
    };
  }

  #end(): ReplayEnd | undefined {
    const { outcome } = this.#play;
    if (outcome === undefined) return undefined;
    const { maxBytes } = this.#parts.payloads;
    const what = `The output of run ${this.#run.submission.runId}`;
    const body = this.#play.closing(outcome, {
      maxErrorBytes: Number.POSITIVE_INFINITY,
      encode: (value) => encodeWithin(maxBytes, value, what),
    });
    // It is encoded here, and sealed nowhere.
    return outcomeOf([{ ...body, at: 0 }]) as ReplayEnd | undefined;
  }

  async #differs(outcome: ReplayEnd | undefined): Promise<Replay["differs"]> {
    const last = this.#events.at(-1);
    const recorded = last === undefined ? undefined : outcomeOf([last.event]);
    const opened = recorded === undefined ? undefined : await this.#open(recorded);
    return endsDiffer(this.#run, opened, outcome, () => this.#asksFor());
  }

  async #open(recorded: RunOutcome): Promise<RunOutcome<PlainPayload> | undefined> {
    const open = (payload: Payload): Promise<PlainPayload> | PlainPayload =>
      this.#parts.payloads.open(payload);
    if (recorded.status === "completed") {
      return { ...recorded, output: await open(recorded.output) };
    }
    if (recorded.status === "failed") return { ...recorded, error: await open(recorded.error) };
    return recorded;
  }

  #asksFor(): string {
    const open = [...this.#journal.waiting()].map(({ kind, id }) => `${kind} ${id}`);
    return open.length === 0
      ? "nothing, and awaits something other than its context"
      : open.join(", ");
  }

  #parks(
    commands: readonly ReplayedCommand[],
    hint: ProbableChange | undefined,
  ): ReplayParks | undefined {
    if (this.#parked === undefined) return undefined;
    const { reason, expected, asked, step } = this.#parked;
    // Where the flow stands: at what it asked for instead, or at what it waits for.
    const open = commands.findLast(({ answeredBy }) => answeredBy === undefined);
    const { place } = commands.find(({ id }) => id === hint?.asked) ?? open ?? {};
    return {
      reason,
      mismatch: { expected, asked, step },
      at: this.#parkedAt,
      ...(place === undefined ? {} : { place }),
      ...(hint === undefined ? {} : { hint }),
    };
  }

  async #hint(unasked: RunEvent): Promise<ProbableChange | undefined> {
    const id = commandOf(unasked);
    if (id === undefined) return undefined;
    const at = this.#placed(unasked).place.event;
    const [before, after] = [this.#events.slice(0, at - 1), this.#events.slice(at)];
    const known = new Set(before.flatMap(({ event }) => commandOf(event) ?? []));
    const recordedLater = new Set(
      after.flatMap(({ event }) => commandOf(event) ?? []).filter((later) => !known.has(later)),
    );
    const open = this.#log.all
      .filter(({ answeredBy }) => answeredBy === undefined)
      .map(({ kind, id: own, topic }) => {
        const isFresh = !known.has(own) && !recordedLater.has(own);
        return { kind, id: own, topic, isFresh };
      });
    const hasEnded = this.#play.outcome !== undefined;
    const kind = kindOf(unasked);
    const unreceived = this.#log.unreceived;
    const [stand] = open.filter((command) => command.isFresh && command.kind === kind);
    const askedLater = await this.#lookAhead(unasked, stand?.id, after);
    const recorded = { kind, id };
    return probableChange({ recorded, open, askedLater, recordedLater, hasEnded, unreceived });
  }

  /**
   * What the flow asks for when it is shown the rest of its history, as if what it asked for instead had been the event that it
   * did not ask for. That decides nothing: it only helps to say what was changed.
   */
  async #lookAhead(
    unasked: RunEvent,
    instead: StepId | undefined,
    after: readonly PlacedEvent[],
  ): Promise<readonly StepId[]> {
    if (!this.#parts.looksAhead) return [];
    const from = this.#log.all.length;
    const rest = after.slice(0, MAX_AHEAD).map(({ event }) => event);
    const own = commandOf(unasked);
    const events = [unasked, ...rest].flatMap((event) =>
      commandOf(event) === own && instead !== undefined
        ? [renamedTo(event, instead), event]
        : [event],
    );
    this.#isOver = false;
    for (const event of events) {
      try {
        await this.#opened.ready(event);
      } catch {
        break;
      }
      this.#journal.apply(event);
      await drained();
    }
    this.#isOver = true;
    return this.#log.all.slice(from).map(({ id }) => id);
  }

  async #before(event: RunEvent): Promise<void> {
    const next = this.#placed(event);
    if (this.#hasReached(next)) {
      this.#isOver = true;
      return;
    }
    await this.#parts.onMoment?.(this.#moment(next));
  }

  #moment(next: PlacedEvent): ReplayMoment {
    return { next, commands: [...this.#log.all], now: this.#journal.now };
  }

  /** True when what the replay is to stop at has been shown. */
  #hasReached(next: PlacedEvent): boolean {
    const { until } = this.#parts;
    if (until === undefined) return false;
    if ("event" in until) return next.place.event > until.event;
    if ("sequence" in until) return next.place.sequence > until.sequence;
    return this.#log.isAnswered(until.step);
  }

  async #canShow(event: RunEvent, opening: Promise<void>): Promise<boolean> {
    try {
      await opening;
      return true;
    } catch (error) {
      this.#unreadable(event, error);
      return false;
    }
  }

  async #openInput(): Promise<PlainPayload | undefined> {
    try {
      return await this.#parts.payloads.open(this.#run.submission.input);
    } catch (error) {
      this.#unreadable(undefined, error);
      return undefined;
    }
  }

  #unreadable(event: RunEvent | undefined, thrown: unknown): void {
    const error = asError(thrown);
    if (error instanceof BlobStoreError) this.#trouble = error;
    this.#park(parkedUnreadable(event, error), event);
  }

  #park(parked: Parked, event: RunEvent | undefined): void {
    this.#parked = parked;
    this.#parkedAt = event === undefined ? BEFORE_ALL : this.#placed(event).place;
    this.#isOver = true;
  }

  #show(event: RunEvent): void {
    const input = event.type === "InputFolded" ? this.#inputs.get(event.sequence) : undefined;
    const brings = input?.type === "Signal" ? input.payload : input;
    this.#log.show(this.#placed(event), brings);
  }

  #placed(event: RunEvent): PlacedEvent {
    const placed = this.#placeOf.get(event);
    if (placed === undefined) throw new Error("An event is shown that the run does not have.");
    return placed;
  }

  #warn(call: UnrepeatableCall): void {
    const what = `${call.call} ${call.place}`;
    if (this.#warnings.size < MAX_WARNINGS) this.#warnings.set(what, call);
  }
}

export interface RehearsalParts {
  readonly definition: AnyDefinition;
  readonly payloads: ReplayPayloads;
  readonly log: Logger;
  readonly until: EventAddress | undefined;
  readonly onMoment: ((moment: ReplayMoment) => void | Promise<void>) | undefined;
  /** Whether the flow is shown more than it asked for, to find out what was changed. */
  readonly looksAhead: boolean;
  /** Whether to note which code asks for what. */
  readonly hasPlaces: boolean;
  /** Whether calls are told that give another answer in each replay. */
  readonly guards: boolean;
}

type Parked = ReturnType<typeof parkedBy>;

/** Enough to see how a flow goes on. */
const MAX_AHEAD = 100;

/** More places than a program has. */
const MAX_WARNINGS = 1_000;

function inputsOf(inbox: readonly Stored[]): ReadonlyMap<number, PlainInput> {
  const inputs = new Map<number, PlainInput>();
  for (const { sequence, data } of inbox) {
    const decoded = decodeInput(data);
    if (decoded.kind !== "ok" || decoded.value.body.type === "Wake") continue;
    inputs.set(sequence, decoded.value.body);
  }
  return inputs;
}

/** What the command was that an event is about. */
function kindOf({ type }: RunEvent): "step" | "timer" | "child" {
  if (type === "ChildSubmitted") return "child";
  return type === "TimerSet" || type === "TimerFired" ? "timer" : "step";
}

/** The same event about another command. */
function renamedTo(event: RunEvent, id: StepId): RunEvent {
  if ("step" in event) return { ...event, step: id };
  if ("timer" in event) return { ...event, timer: id };
  return event.type === "ChildSubmitted" ? { ...event, child: id } : event;
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
