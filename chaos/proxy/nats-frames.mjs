// @ts-check
/**
 * Cuts what a nats-server sends to a client into the protocol's frames, however the bytes were split on their way. It is
 * total: bytes that are no NATS protocol come out as they went in, and from there on nothing is looked at any more.
 */
export class NatsFrames {
  /** @type {Buffer} */
  #rest = Buffer.alloc(0);
  /** Where the rest was searched for the end of its first line already. */
  #searched = 0;
  #isForeign = false;

  /**
   * The frames that are whole by now, in order. Together with the rest they are exactly the bytes that came.
   * @param {Buffer} bytes
   * @returns {NatsFrame[]}
   */
  push(bytes) {
    if (this.#isForeign) return [{ bytes }];
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    /** @type {NatsFrame[]} */
    const frames = [];
    let at = 0;
    while (at < all.length && !this.#isForeign) {
      const line = all.indexOf("\r\n", Math.max(at, this.#searched));
      if (line === -1) {
        // The first half of the line's end may be there already.
        this.#searched = Math.max(0, all.length - at - 1);
        this.#isForeign = all.length - at > MAX_LINE;
        break;
      }
      this.#searched = 0;
      const end = line + 2;
      const head = all.toString("latin1", at, line);
      const message = readMessage(head);
      if (message === "foreign") {
        this.#isForeign = true;
        break;
      }
      const next = message === undefined ? end : end + message.size + 2;
      if (next > all.length) break;
      frames.push({ bytes: all.subarray(at, next), ackSubject: message?.ackSubject });
      at = next;
    }
    this.#rest = all.subarray(at);
    if (this.#isForeign) frames.push({ bytes: this.takeRest() });
    return frames;
  }

  /** What has come of a frame that is not whole; it is taken out. */
  takeRest() {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    this.#searched = 0;
    return rest;
  }
}

/**
 * @param {string} head the first line of a frame
 * @returns {{ size: number, ackSubject: string | undefined } | "foreign" | undefined} what it says of a message, if it is one
 */
function readMessage(head) {
  const [verb, ...words] = head.split(/[ \t]+/);
  const operation = verb?.toUpperCase() ?? "";
  if (!OPERATIONS.has(operation)) return "foreign";
  if (operation !== "MSG" && operation !== "HMSG") return undefined;
  // MSG <subject> <sid> [reply] <bytes>; HMSG has the size of its headers before that of all.
  const bare = operation === "MSG" ? 3 : 4;
  const size = Number(words.at(-1));
  const isWhole = words.length === bare || words.length === bare + 1;
  if (!isWhole || !Number.isSafeInteger(size) || size < 0) return "foreign";
  const reply = words.length > bare ? words[2] : undefined;
  return { size, ackSubject: reply?.startsWith("$JS.ACK.") ? reply : undefined };
}

const OPERATIONS = new Set(["INFO", "MSG", "HMSG", "PING", "PONG", "+OK", "-ERR"]);
/** The server's own limit for a line is 4 KiB, its INFO may be larger. */
const MAX_LINE = 1024 * 1024;

/**
 * @typedef {object} NatsFrame
 * @property {Buffer} bytes all of it
 * @property {string | undefined} [ackSubject] it delivers a message of a JetStream consumer, which is acked there
 */
