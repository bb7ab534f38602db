import type { AnyDefinition } from "../../definition/definition.ts";
import type { StepInfo } from "../../definition/task.ts";
import type { RunEvent } from "../../engine/run-event.ts";
import { decodeFrame } from "../../wire/frame-codec.ts";
import type { MemoryWrite } from "../memory-faults.ts";
import { CrashNotReachedError } from "./kit-errors.ts";
import type { StandIns } from "./stand-ins.ts";

/** Where the worker of a test is to die, and whether it has. Each point is good for one crash. */
export class CrashPoints {
  readonly #standIns: StandIns;
  readonly #crash: () => void;
  readonly #armed = new Set<Point>();
  /** How many events of each run are recorded. */
  readonly #events = new Map<string, number>();
  readonly #writes: string[] = [];
  #isBegun = false;

  /** `crash` kills the worker. */
  constructor(standIns: StandIns, crash: () => void) {
    this.#standIns = standIns;
    this.#crash = crash;
  }

  add(point: Point): void {
    this.#armed.add(point);
  }

  /** @throws {@link CrashNotReachedError} when one has not happened. */
  checkReached(): void {
    const [point] = this.#armed;
    if (point === undefined) return;
    const steps = this.#standIns.calls().map(({ step }) => step);
    throw new CrashNotReachedError(shown(point), [...new Set(steps)]);
  }

  /** A step's function is about to be called. True when the worker died instead. */
  before(name: string, info: StepInfo): boolean {
    return this.#reach((point) => point.at === "before" && isOf(point, name, info.step));
  }

  /** A step's function has done what it does, and nobody knows. True when the worker died with that. */
  during(name: string, info: StepInfo): boolean {
    return this.#reach((point) => point.at === "during" && isOf(point, name, info.step));
  }

  /** Writes count from now on: the first worker has started. */
  begin(): void {
    this.#isBegun = true;
  }

  /** A worker's write comes to the broker. */
  arrives(write: MemoryWrite): void {
    if (!this.#isBegun) return;
    this.#writes.push(shownWrite(write));
    this.#reach((point) => this.#isAtWrite(point, "before"));
  }

  /** What the workers have written so far, as people read it. */
  get writes(): readonly string[] {
    return this.#writes;
  }

  /** A worker's write is stored, and the worker does not know. */
  stored(write: MemoryWrite): void {
    this.#reach((point) => this.#isAtWrite(point, "after"));
    const { runId: run } = write;
    if (run === undefined) return;
    for (const event of eventsIn(write)) {
      const number = (this.#events.get(run) ?? 0) + 1;
      this.#events.set(run, number);
      this.#reach((point) => this.#isAfter(point, { run, number, event }));
    }
  }

  #isAtWrite(point: Point, when: "before" | "after"): boolean {
    return point.at === "write" && point.write === this.#writes.length && point.when === when;
  }

  #isAfter(point: Point, { run, number, event }: Recorded): boolean {
    if (point.at === "event") return point.event === number && (point.run ?? run) === run;
    if (point.at !== "after") return false;
    if (event.type !== "StepCompleted" && event.type !== "StepFailed") return false;
    return isOf(point, this.#standIns.nameOf(run, event.step) ?? "", event.step);
  }

  #reach(isReached: (point: Point) => boolean): boolean {
    for (const point of this.#armed) {
      if (!isReached(point)) continue;
      this.#armed.delete(point);
      this.#crash();
      return true;
    }
    return false;
  }
}

/**
 * `before` a step's function is called, `during` it (it has done what it does, and that is recorded nowhere), `after` its outcome
 * is recorded; when the run's n-th event is; or at the workers' n-th write.
 */
export type Point =
  | { readonly at: "before" | "during" | "after"; readonly step: string }
  | { readonly at: "event"; readonly event: number; readonly run: string | undefined }
  | { readonly at: "write"; readonly write: number; readonly when: "before" | "after" };

/** A task, a flow, the name of a step, or its id such as `charge#2`. */
export type StepPlace = AnyDefinition | string;

export function stepNameOf(place: StepPlace): string {
  return typeof place === "string" ? place : place.name;
}

interface Recorded {
  readonly run: string;
  readonly number: number;
  readonly event: RunEvent;
}

function isOf(point: Point, name: string, step: string): boolean {
  if (point.at === "event" || point.at === "write") return false;
  return point.step === name || isStep(step, point.step);
}

/** True when the id is the one that is meant, or has the name that is meant. */
export function isStep(id: string, meant: string): boolean {
  return id === meant || id.slice(id.lastIndexOf("/") + 1).split("#")[0] === meant;
}

function shown(point: Point): string {
  if (point.at === "event") return `at event ${point.event}`;
  return point.at === "write"
    ? `${point.when} write ${point.write}`
    : `${point.at} step ${point.step}`;
}

function eventsIn({ kind, data }: MemoryWrite): readonly RunEvent[] {
  const frame = kind === "append" ? decodeFrame(data) : undefined;
  return frame?.kind === "ok" ? frame.value.events : [];
}

function shownWrite(write: MemoryWrite): string {
  const about = eventsIn(write).map((event) =>
    "step" in event && event.step !== "" ? `${event.type} ${event.step}` : event.type,
  );
  return about.length === 0 ? write.kind : about.join(", ");
}
