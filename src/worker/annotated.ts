import { type Annotations, NO_ANNOTATIONS } from "../engine/annotations.ts";
import { PayloadTooLargeError } from "../engine/flow-errors.ts";
import { checkStepName } from "../engine/names.ts";
import type { RunEvent } from "../engine/run-event.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import { encodeValue } from "../wire/value-codec.ts";

/** What a flow tells of itself: all of it is recorded, at most once a frame, when it has changed. */
export class Annotated {
  #told: Annotations;
  #recorded: Annotations;

  constructor(history: readonly RunEvent[]) {
    const last = history.findLast((event) => event.type === "Annotated");
    const { progress, tags, exposed } = last ?? NO_ANNOTATIONS;
    this.#told = { progress, tags, exposed };
    this.#recorded = this.#told;
  }

  get tags(): readonly string[] {
    return this.#told.tags;
  }

  /** True when there is something to record. */
  get changed(): boolean {
    return this.#told !== this.#recorded;
  }

  progress(done: number, total: number, message: string): void {
    for (const [option, value] of Object.entries({ done, total })) {
      if (!Number.isFinite(value)) throw new InvalidOptionError(option, value, "give a number");
    }
    const cut = message.slice(0, MAX_MESSAGE);
    this.#told = { ...this.#told, progress: { done, total, message: cut } };
  }

  tag(tags: readonly string[]): void {
    const all = [...new Set([...this.#told.tags, ...tags])];
    if (all.length > MAX_NAMES) {
      throw new InvalidOptionError("tags", all.length, `add at most ${MAX_NAMES}`);
    }
    if (all.length > this.#told.tags.length) this.#told = { ...this.#told, tags: all };
  }

  expose(name: string, value: unknown): void {
    checkStepName(name);
    const what = `The exposed value ${name}`;
    const payload = encodeValue(value, what);
    const size = payload.data.length;
    if (size > MAX_EXPOSED_BYTES) throw new PayloadTooLargeError(what, size, MAX_EXPOSED_BYTES);
    const exposed = { ...this.#told.exposed, [name]: payload };
    if (Object.keys(exposed).length > MAX_NAMES) {
      throw new InvalidOptionError("name", name, `expose at most ${MAX_NAMES} values`);
    }
    this.#told = { ...this.#told, exposed };
  }

  /** What is to be recorded now. */
  take(): Annotations {
    this.#recorded = this.#told;
    return this.#told;
  }
}

const MAX_MESSAGE = 1_000;
const MAX_NAMES = 64;
/** They go into a frame all together, each time one of them changes. */
const MAX_EXPOSED_BYTES = 8_192;
