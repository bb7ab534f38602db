// @ts-check
import { NatsFrames } from "./nats-frames.mjs";

/**
 * Duplicates, reorders and delays what JetStream consumers deliver on one connection, and leaves everything else as it is.
 *
 * A delivery that is held back goes out when so many others of its connection have overtaken it as its turn says, or when
 * its time is up, whatever comes first: the window is bounded in both.
 */
export class DeliveryShuffler {
  #frames = new NatsFrames();
  /** @type {ShufflerParts} */
  #parts;
  /** @type {Set<Held>} those that wait, oldest first */
  #held = new Set();

  /** @param {ShufflerParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** @param {Buffer} bytes as the server sent them */
  push(bytes) {
    /** @type {Buffer[]} */
    const out = [];
    for (const { bytes: frame, ackSubject } of this.#frames.push(bytes)) {
      if (ackSubject === undefined) {
        out.push(frame);
        continue;
      }
      const waiting = [...this.#held];
      if (!this.#holdsBack(frame, ackSubject)) out.push(frame);
      for (const held of waiting) if (--held.turn <= 0) out.push(this.#letGo(held));
    }
    this.#emit(out);
  }

  /** Nothing follows: what is held back goes out. */
  end() {
    const held = [...this.#held].map((one) => this.#letGo(one));
    this.#emit([...held, this.#frames.takeRest()]);
  }

  /** The connection is gone, and what is held with it. */
  close() {
    for (const held of this.#held) this.#letGo(held);
  }

  /**
   * True when the delivery does not go out now.
   * @param {Buffer} bytes
   * @param {string} ackSubject
   */
  #holdsBack(bytes, ackSubject) {
    const { settings, random, count } = this.#parts;
    const { duplicate, reorder, window, windowMs, delay, delayMs, only } = settings();
    // Each delivery takes the same number of draws, so one setting does not change what another one does.
    const draws = { duplicate: random(), reorder: random(), delay: random(), turn: random() };
    if (only?.(ackSubject) === false || this.#held.size >= MAX_HELD) return false;
    const turn = 1 + Math.floor(draws.turn * window);
    if (draws.duplicate < duplicate) {
      count("duplicated");
      this.#hold(bytes, turn, windowMs);
    }
    if (draws.delay < delay) {
      count("delayed");
      this.#hold(bytes, Number.POSITIVE_INFINITY, delayMs);
      return true;
    }
    if (draws.reorder < reorder) {
      count("reordered");
      this.#hold(bytes, turn, windowMs);
      return true;
    }
    return false;
  }

  /**
   * @param {Buffer} bytes
   * @param {number} turn after so many other deliveries
   * @param {number} ms after so long at the latest
   */
  #hold(bytes, turn, ms) {
    const timer = setTimeout(() => this.#emit([this.#letGo(held)]), ms);
    // What a piece of the stream is part of is not kept with it.
    const held = { bytes: Buffer.from(bytes), turn, timer };
    this.#held.add(held);
  }

  /** @param {Held} held */
  #letGo(held) {
    clearTimeout(held.timer);
    this.#held.delete(held);
    return held.bytes;
  }

  /** @param {readonly Buffer[]} pieces */
  #emit(pieces) {
    const bytes = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    if (bytes !== undefined && bytes.length > 0) this.#parts.emit(bytes);
  }
}

/** On one connection; what comes beyond that is not held. */
const MAX_HELD = 1_000;

/**
 * @typedef {{ readonly bytes: Buffer, turn: number, readonly timer: NodeJS.Timeout }} Held
 */

/**
 * What is done to deliveries, and how often: from 0 to 1.
 * @typedef {object} ShuffleSettings
 * @property {number} duplicate it comes once more, within the window
 * @property {number} reorder others overtake it, within the window
 * @property {number} window how many others at most
 * @property {number} windowMs and how long at most
 * @property {number} delay it comes alone so much later, whatever else comes
 * @property {number} delayMs
 * @property {(ackSubject: string) => boolean} [only] which deliveries are touched; all by default
 *
 * @typedef {"duplicated" | "reordered" | "delayed"} Treatment
 *
 * @typedef {object} ShufflerParts
 * @property {() => ShuffleSettings} settings as they are now
 * @property {() => number} random from 0 up to 1
 * @property {(bytes: Buffer) => void} emit what goes on to the client
 * @property {(treatment: Treatment) => void} count told of each delivery that is treated
 */
