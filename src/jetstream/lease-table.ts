import type { HeldToken } from "../engine/peer-watch/held-list.ts";

/**
 * The messages that a worker keeps, in memory that it shares with its lease thread. The worker writes a slot before it
 * does anything with the message, so the thread knows of it even if the event loop is blocked in the next instant (I12).
 *
 * A slot's state counts up: odd while it is in use, even while it is free or being written. A reader that finds the
 * same odd number before and after it read has read one whole entry.
 */
export class LeaseTable {
  readonly #onSegment: (memory: SharedArrayBuffer) => void;
  readonly #segments: Segment[] = [];
  readonly #free: { readonly segment: Segment; readonly slot: number }[] = [];

  /** `onSegment` hands new memory to the thread. */
  constructor(onSegment: (memory: SharedArrayBuffer) => void) {
    this.#onSegment = onSegment;
    this.#grow();
  }

  take(entry: Omit<LeaseEntry, "epoch">): LeaseSlot {
    if (this.#free.length === 0) this.#grow();
    const place = this.#free.pop();
    if (place === undefined) throw new Error("The lease table did not grow");
    const { segment, slot } = place;
    segment.write(slot, entry);
    let taken = true;
    return {
      hold: (epoch) => {
        if (taken) segment.setEpoch(slot, epoch);
      },
      letGo: () => {
        if (!taken) return; // The slot may be another message's by now.
        taken = false;
        segment.clear(slot);
        this.#free.push(place);
      },
    };
  }

  #grow(): void {
    const memory = new SharedArrayBuffer(SLOTS * SLOT_BYTES);
    const segment = new Segment(memory);
    this.#segments.push(segment);
    this.#onSegment(memory);
    for (let slot = SLOTS - 1; slot >= 0; slot--) this.#free.push({ segment, slot });
  }
}

export interface LeaseSlot {
  hold(epoch: number): void;
  letGo(): void;
}

/** One kept message. `epoch` is 0 while it is not an activation's token. */
export interface LeaseEntry {
  readonly partition: number;
  readonly sequence: number;
  readonly epoch: number;
  readonly keptAt: number;
  readonly ackSubject: string;
}

/** The longest ack subject that a slot holds: enough for the longest names. */
export const MAX_ACK_SUBJECT = 480;

const SLOTS = 1_024;
const SLOT_BYTES = 512;
const TEXT_AT = SLOT_BYTES - MAX_ACK_SUBJECT;

/** A fixed number of slots. Layout of one: state, epoch, partition, length (int32 each), sequence, keptAt (float64), text. */
export class Segment {
  readonly #ints: Int32Array;
  readonly #floats: Float64Array;
  readonly #bytes: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.#ints = new Int32Array(memory);
    this.#floats = new Float64Array(memory);
    this.#bytes = new Uint8Array(memory);
  }

  write(slot: number, entry: Omit<LeaseEntry, "epoch">): void {
    const int = (slot * SLOT_BYTES) / 4;
    const float = (slot * SLOT_BYTES) / 8;
    this.#ints[int + 1] = 0;
    this.#ints[int + 2] = entry.partition;
    this.#ints[int + 3] = entry.ackSubject.length;
    this.#floats[float + 2] = entry.sequence;
    this.#floats[float + 3] = entry.keptAt;
    const text = slot * SLOT_BYTES + TEXT_AT;
    for (let at = 0; at < entry.ackSubject.length; at++) {
      this.#bytes[text + at] = entry.ackSubject.charCodeAt(at);
    }
    Atomics.add(this.#ints, int, 1);
  }

  setEpoch(slot: number, epoch: number): void {
    Atomics.store(this.#ints, (slot * SLOT_BYTES) / 4 + 1, epoch);
  }

  clear(slot: number): void {
    Atomics.add(this.#ints, (slot * SLOT_BYTES) / 4, 1);
  }

  /** The entries in use, as the thread sees them. */
  *entries(): Generator<LeaseEntry> {
    for (let slot = 0; slot < SLOTS; slot++) {
      const entry = this.#read(slot);
      if (entry !== undefined) yield entry;
    }
  }

  /** Tokens of activations whose messages were kept then or before. Cheaper than reading whole entries. */
  *tokens(keptBefore: number): Generator<HeldToken> {
    for (let slot = 0; slot < SLOTS; slot++) {
      const int = (slot * SLOT_BYTES) / 4;
      const float = (slot * SLOT_BYTES) / 8;
      const state = Atomics.load(this.#ints, int);
      if (state % 2 === 0 || Atomics.load(this.#ints, int + 1) === 0) continue;
      const partition = this.#ints[int + 2] ?? 0;
      const sequence = this.#floats[float + 2] ?? 0;
      const keptAt = this.#floats[float + 3] ?? 0;
      if (keptAt > keptBefore || Atomics.load(this.#ints, int) !== state) continue;
      yield { partition, sequence };
    }
  }

  #read(slot: number): LeaseEntry | undefined {
    const int = (slot * SLOT_BYTES) / 4;
    const float = (slot * SLOT_BYTES) / 8;
    const state = Atomics.load(this.#ints, int);
    if (state % 2 === 0) return undefined;
    const text = slot * SLOT_BYTES + TEXT_AT;
    const entry = {
      epoch: Atomics.load(this.#ints, int + 1),
      partition: this.#ints[int + 2] ?? 0,
      sequence: this.#floats[float + 2] ?? 0,
      keptAt: this.#floats[float + 3] ?? 0,
      ackSubject: String.fromCharCode(
        ...this.#bytes.subarray(text, text + (this.#ints[int + 3] ?? 0)),
      ),
    };
    return Atomics.load(this.#ints, int) === state ? entry : undefined;
  }
}
