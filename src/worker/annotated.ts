import { isDeepStrictEqual } from "node:util";
import { type Annotations, NO_ANNOTATIONS } from "../engine/annotations.ts";
import { type Attributes, checkAttributeCount } from "../engine/attributes.ts";
import { PayloadTooLargeError } from "../engine/flow-errors.ts";
import { checkStepName } from "../engine/names.ts";
import { isPlain, type Payload } from "../engine/payload.ts";
import type { RunEvent } from "../engine/run-event.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import { encodeValue } from "../wire/value-codec.ts";

/** What a flow tells of itself: all of it is recorded, at most once a frame, when it has changed. */
export class Annotated {
  readonly #parts: AnnotatedParts;
  /** A replay tells it all again: what the flow can see of it is the same each time (I7). */
  #told: Annotations = NO_ANNOTATIONS;
  #recorded: Annotations;
  /** The values that are being sealed, by name: the last one that was exposed. */
  readonly #sealing = new Map<string, Promise<void>>();

  constructor(history: readonly RunEvent[], parts: AnnotatedParts) {
    this.#parts = parts;
    const last = history.findLast((event) => event.type === "Annotated");
    const { progress, tags, attributes, exposed } = last ?? NO_ANNOTATIONS;
    this.#recorded = { progress, tags, attributes, exposed };
  }

  get tags(): readonly string[] {
    return this.#told.tags;
  }

  /** True when there is something to record. */
  get changed(): boolean {
    if (this.#told === this.#recorded) return false;
    if (!same(this.#told, this.#recorded)) return true;
    this.#recorded = this.#told;
    return false;
  }

  /** True while there is, or will be, something to record. */
  get busy(): boolean {
    return this.changed || this.#sealing.size > 0;
  }

  /** Resolves when nothing is being sealed; nothing when that is so now. */
  get sealed(): Promise<unknown> | undefined {
    return this.#sealing.size === 0 ? undefined : Promise.all(this.#sealing.values());
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

  /** Sets attributes that are checked by themselves. */
  attributes(values: Attributes): void {
    const told = { ...this.#told.attributes, ...values };
    const all = new Set([...Object.keys(this.#parts.submitted), ...Object.keys(told)]);
    checkAttributeCount(`run ${this.#parts.runId}`, [...all]);
    if (Object.keys(values).length > 0) this.#told = { ...this.#told, attributes: told };
  }

  expose(name: string, value: unknown): void {
    checkStepName(name);
    const what = `The exposed value ${name}`;
    const payload = encodeValue(value, what);
    const size = payload.data.length;
    if (size > MAX_EXPOSED_BYTES) throw new PayloadTooLargeError(what, size, MAX_EXPOSED_BYTES);
    const names = new Set([...Object.keys(this.#told.exposed), ...this.#sealing.keys(), name]);
    if (names.size > MAX_NAMES) {
      throw new InvalidOptionError("name", name, `expose at most ${MAX_NAMES} values`);
    }
    const sealed = this.#parts.seal(payload, what);
    if (!(sealed instanceof Promise)) {
      this.#sealing.delete(name);
      return this.#expose(name, sealed);
    }
    const sealing = sealed.then(
      (ready) => {
        if (this.#sealing.get(name) !== sealing) return; // Another value was exposed meanwhile.
        this.#sealing.delete(name);
        this.#expose(name, ready);
        this.#parts.onChange();
      },
      () => void this.#sealing.delete(name), // The run has left this worker.
    );
    this.#sealing.set(name, sealing);
  }

  #expose(name: string, value: Payload): void {
    this.#told = { ...this.#told, exposed: { ...this.#told.exposed, [name]: value } };
  }

  /** What is to be recorded now. */
  take(): Annotations {
    this.#recorded = this.#told;
    return this.#told;
  }
}

export interface AnnotatedParts {
  readonly runId: string;
  /** The search attributes of the submission. */
  readonly submitted: Attributes;
  /** A payload as it may be recorded. */
  readonly seal: (payload: Payload, what: string) => Payload | Promise<Payload>;
  /** There is something new to record. */
  readonly onChange: () => void;
}

/** Sealed values may differ each time: they count as changed, and are recorded again. */
function same(one: Annotations, other: Annotations): boolean {
  const names = Object.keys(one.exposed);
  return (
    isDeepStrictEqual(one.progress, other.progress) &&
    isDeepStrictEqual([one.tags, one.attributes], [other.tags, other.attributes]) &&
    names.length === Object.keys(other.exposed).length &&
    names.every((name) => samePayload(one.exposed[name], other.exposed[name]))
  );
}

function samePayload(one: Payload | undefined, other: Payload | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  if (!isPlain(one) || !isPlain(other) || one.encoding !== other.encoding) return false;
  return Buffer.compare(one.data, other.data) === 0;
}

const MAX_MESSAGE = 1_000;
const MAX_NAMES = 64;
/** They go into a frame all together, each time one of them changes. */
const MAX_EXPOSED_BYTES = 8_192;
