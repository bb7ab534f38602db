// @ts-check
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { ProxiedConnection } from "./proxied-connection.mjs";

/**
 * A TCP proxy that is a bad network: its connections can be cut, reset, delayed, swallowed and refused while they are open,
 * all of them (here) or each alone (`connections`).
 */
export class TcpProxy {
  /** @type {ProxyOptions} */
  #options;
  /** @type {import("node:net").Server} */
  #listener;
  /** @type {Set<ProxiedConnection>} */
  #connections = new Set();
  /** @type {Set<import("node:net").Socket>} */
  #sockets = new Set();
  /** @type {Conditions} */
  #conditions = FAIR;
  #refuses = false;
  /** Where connections lead that are made from now on. A server that starts again may have another port. */
  target;

  /**
   * Listens on 127.0.0.1, on a free port unless one is named.
   * @param {ProxyOptions} options
   */
  static async start(options) {
    const proxy = new TcpProxy(options);
    proxy.#listener.listen(options.port ?? 0, "127.0.0.1");
    await once(proxy.#listener, "listening");
    return proxy;
  }

  /**
   * @private
   * @param {ProxyOptions} options
   */
  constructor(options) {
    this.#options = options;
    this.target = options.target;
    // A FIN of one side is passed on like any byte: it does not close the other direction.
    this.#listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) =>
      this.#accept(client),
    );
  }

  get port() {
    return /** @type {import("node:net").AddressInfo} */ (this.#listener.address()).port;
  }

  /** @returns {readonly ProxiedConnection[]} those that are open, oldest first */
  get connections() {
    return [...this.#connections];
  }

  /**
   * How it is for all connections from now on, also those that are made later; what is not named stays.
   * @param {Partial<Conditions>} conditions
   */
  set(conditions) {
    this.#conditions = { ...this.#conditions, ...conditions };
    for (const connection of this.connections) connection.flush();
  }

  /** Both sides of each connection get a FIN. */
  cut() {
    for (const connection of this.connections) connection.cut();
  }

  /** Both sides of each connection get a RST. */
  reset() {
    for (const connection of this.connections) connection.reset();
  }

  /** From now on, until it is healed, whoever connects gets a RST. Open connections stay. The port stays taken: nobody else gets it. */
  refuse() {
    this.#refuses = true;
  }

  /** A fair network again: what was held goes on its way, and connections that lost bytes are reset. */
  heal() {
    this.#refuses = false;
    this.#conditions = FAIR;
    for (const connection of this.connections) connection.heal();
  }

  /** Ends all connections, and takes no more. */
  async close() {
    const closed = once(this.#listener, "close");
    this.#listener.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** @param {import("node:net").Socket} client */
  #accept(client) {
    if (this.#refuses) {
      client.resetAndDestroy();
      return;
    }
    const { host = "127.0.0.1", port } = this.target;
    const server = connect({ host, port, allowHalfOpen: true, noDelay: true });
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    }
    const connection = new ProxiedConnection({
      client,
      server,
      conditions: () => this.#conditions,
      random: this.#options.random ?? Math.random,
      filter: this.#options.filter,
      onClosed: (closed) => this.#connections.delete(closed),
    });
    this.#connections.add(connection);
  }
}

/** @type {Conditions} */
const FAIR = Object.freeze({ up: "open", down: "open", delayMs: 0, jitterMs: 0 });

/**
 * @typedef {object} Conditions
 * @property {import("./pipe.mjs").Gate} up from client to server
 * @property {import("./pipe.mjs").Gate} down from server to client
 * @property {number} delayMs in each direction
 * @property {number} jitterMs
 */

/**
 * @typedef {object} ProxyOptions
 * @property {Target} target
 * @property {number} [port]
 * @property {() => number} [random] from 0 up to 1, for jitter
 * @property {(emit: (bytes: Buffer) => void) => import("./proxied-connection.mjs").Filter} [filter] made for each connection:
 *   what is done with the server's bytes
 */

/**
 * @typedef {object} Target
 * @property {string} [host]
 * @property {number} port
 */
