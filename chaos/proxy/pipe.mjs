// @ts-check
/**
 * One direction of a connection: bytes that come in go out in order, when the conditions let them. The end of the stream
 * and its reset are items of the same queue, so a side that is cut off does not hear of the other's death either.
 */
export class Pipe {
  /** @type {PipeParts} */
  #parts;
  /** @type {{ what: Buffer | "end" | "reset", at: number, chance: number }[]} */
  #queue = [];
  #queuedBytes = 0;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #closed = false;
  /** Bytes were swallowed: what would follow makes no sense to the receiver. */
  isTorn = false;

  /** @param {PipeParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** What the sender sent, and the network has not delivered yet. */
  get queuedBytes() {
    return this.#queuedBytes;
  }

  /** @param {Buffer | "end" | "reset"} what */
  push(what) {
    if (this.#closed) return;
    this.#queue.push({ what, at: Date.now(), chance: this.#parts.random() });
    if (typeof what !== "string") this.#queuedBytes += what.length;
    this.flush();
  }

  /** Delivers what may go by now; to be called again when the conditions have changed. */
  flush() {
    clearTimeout(this.#timer);
    while (!this.#closed) {
      const first = this.#queue[0];
      if (first === undefined) break;
      const { gate, delayMs, jitterMs } = this.#parts.conditions();
      if (gate === "swallow" || this.isTorn) return this.#swallow();
      if (gate === "hold") break;
      const inMs = first.at + delayMs + first.chance * jitterMs - Date.now();
      if (inMs > 0) {
        this.#timer = setTimeout(() => this.flush(), inMs);
        break;
      }
      this.#queue.shift();
      this.#deliver(first.what);
    }
    this.#parts.onQueued();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  /** @param {Buffer | "end" | "reset"} what */
  #deliver(what) {
    if (what === "end") return this.#parts.end();
    if (what === "reset") return this.#parts.reset();
    this.#queuedBytes -= what.length;
    this.#parts.write(what);
  }

  #swallow() {
    this.isTorn = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#parts.onQueued();
  }
}

/**
 * `open` delivers, `hold` keeps all until it opens again (a partition: TCP sends again what was lost), `swallow` throws it
 * away (a firewall that has forgotten the connection).
 * @typedef {"open" | "hold" | "swallow"} Gate
 *
 * @typedef {object} PipeConditions
 * @property {Gate} gate
 * @property {number} delayMs at least so long does each piece take
 * @property {number} jitterMs up to so much longer, without overtaking
 *
 * @typedef {object} PipeParts
 * @property {() => PipeConditions} conditions as they are now
 * @property {() => number} random from 0 up to 1
 * @property {(bytes: Buffer) => void} write
 * @property {() => void} end
 * @property {() => void} reset
 * @property {() => void} onQueued the queue has changed
 */
