// @ts-check
import { Pipe } from "./pipe.mjs";

/** One connection through a proxy: two sockets, and a pipe for each direction. `up` leads to the server. */
export class ProxiedConnection {
  /** @type {ConnectionParts} */
  #parts;
  /** @type {Partial<import("./tcp-proxy.mjs").Conditions>} */
  #own = {};
  #up;
  #down;
  /** @type {Filter | undefined} */
  #filter;
  #ended = false;

  /** @param {ConnectionParts} parts */
  constructor(parts) {
    this.#parts = parts;
    const { client, server, random, filter } = parts;
    this.#up = this.#pipe("up", client, server, random);
    this.#down = this.#pipe("down", server, client, random);
    this.#filter = filter?.((bytes) => this.#down.push(bytes));
    read(client, this.#up, undefined);
    read(server, this.#down, this.#filter);
    for (const socket of [client, server]) socket.once("close", () => this.#closedOne());
  }

  /** The port from which the client came, which is its name in the server's list of connections. */
  get clientPort() {
    return this.#parts.client.remotePort;
  }

  /** What one side sent, and the other one has not got: it is delayed or held. */
  get bytesOnTheWay() {
    return this.#up.queuedBytes + this.#down.queuedBytes;
  }

  /** Bytes of it were swallowed. */
  get isTorn() {
    return this.#up.isTorn || this.#down.isTorn;
  }

  /**
   * Conditions of this connection alone, in place of the proxy's. They last until the proxy is healed.
   * @param {Partial<import("./tcp-proxy.mjs").Conditions>} conditions
   */
  set(conditions) {
    this.#own = { ...this.#own, ...conditions };
    this.flush();
  }

  /** Both sides get a FIN, and nothing more: what is on its way is lost. */
  cut() {
    if (this.#ended) return;
    this.#end();
    for (const socket of this.#sockets) {
      socket.end();
      socket.resume();
      // Whoever does not answer a FIN is not waited for.
      setTimeout(() => socket.destroy(), FIN_MS).unref();
    }
  }

  /** Both sides get a RST: what is on its way is lost, and what was received may be. */
  reset() {
    this.#end();
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Back to the proxy's conditions. Where bytes were swallowed nothing makes sense any more: such a connection is reset. */
  heal() {
    this.#own = {};
    if (this.isTorn) return this.reset();
    this.flush();
  }

  /** The conditions have changed. */
  flush() {
    this.#up.flush();
    this.#down.flush();
  }

  get #sockets() {
    return [this.#parts.client, this.#parts.server];
  }

  #end() {
    this.#ended = true;
    this.#up.close();
    this.#down.close();
    this.#filter?.close();
    this.#parts.onClosed(this);
  }

  /** Both are gone: there is nothing to carry. One that is gone alone is told of by its pipe, when that may. */
  #closedOne() {
    if (!this.#ended && this.#sockets.every((socket) => socket.destroyed)) this.#end();
  }

  /**
   * @param {"up" | "down"} direction
   * @param {import("node:net").Socket} from
   * @param {import("node:net").Socket} to
   * @param {() => number} random
   */
  #pipe(direction, from, to, random) {
    to.on("drain", () => throttle());
    const throttle = () => {
      const behind = pipe.queuedBytes + to.writableLength > MAX_ON_THE_WAY;
      if (behind === from.isPaused()) return;
      if (behind) from.pause();
      else from.resume();
    };
    /** @type {Pipe} */
    const pipe = new Pipe({
      conditions: () => {
        const all = { ...this.#parts.conditions(), ...this.#own };
        return { gate: all[direction], delayMs: all.delayMs, jitterMs: all.jitterMs };
      },
      random,
      write: (bytes) => to.write(bytes),
      end: () => to.end(),
      reset: () => this.reset(),
      onQueued: () => throttle(),
    });
    return pipe;
  }
}

/**
 * @param {import("node:net").Socket} from
 * @param {Pipe} pipe
 * @param {Filter | undefined} filter
 */
function read(from, pipe, filter) {
  from.on("data", (bytes) => (filter ?? pipe).push(bytes));
  from.once("end", () => {
    filter?.end();
    pipe.push("end");
  });
  // It tells why in its "close".
  from.on("error", () => undefined);
  from.once("close", (hadError) => {
    if (hadError) pipe.push("reset");
  });
}

/** What a network holds of one direction; then the sender has to wait. */
const MAX_ON_THE_WAY = 4 * 1024 * 1024;
const FIN_MS = 1_000;

/**
 * What is done with the server's bytes before they go on their way.
 * @typedef {object} Filter
 * @property {(bytes: Buffer) => void} push
 * @property {() => void} end nothing follows: what it keeps goes on
 * @property {() => void} close what it keeps is lost
 *
 * @typedef {object} ConnectionParts
 * @property {import("node:net").Socket} client
 * @property {import("node:net").Socket} server
 * @property {() => import("./tcp-proxy.mjs").Conditions} conditions the proxy's
 * @property {() => number} random
 * @property {((emit: (bytes: Buffer) => void) => Filter) | undefined} filter
 * @property {(connection: ProxiedConnection) => void} onClosed
 */
