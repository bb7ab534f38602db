// @ts-check
import { join } from "node:path";
import { clusterOptions } from "../dist/embedded/cluster-options.js";
import { startNatsServer } from "../dist/embedded/start-nats-server.js";

/**
 * The nats-servers of a field, all up: one alone, or three that are a cluster.
 * @param {"one" | "cluster"} topology
 * @param {string} directory
 * @param {import("./proxy-port.mjs").OpenProxy} [openProxy]
 * @returns {Promise<Node[]>}
 */
export async function startServers(topology, directory, openProxy) {
  const options =
    topology === "one"
      ? [{ storeDir: join(directory, "n0"), serverName: "n0" }]
      : await clusterOptions(directory, 3);
  const nodes = options.map((one) => new Node(one));
  await Promise.all(nodes.map((node) => node.start()));
  for (const node of nodes) await node.standBefore(openProxy);
  return nodes;
}

/** One nats-server that is stopped, killed, paused and started again on the same store and port. */
export class Node {
  /** @type {string} */ name;
  /** @type {import("./proxy-port.mjs").ClientProxy | undefined} */ proxy;
  isPaused = false;
  /** @type {import("../dist/embedded/start-nats-server.js").StartNatsServerOptions} */ #options;
  /** @type {import("../dist/embedded/start-nats-server.js").NatsServer | undefined} */ #server;
  /** @type {Promise<void> | undefined} */ #starting;
  #port = 0;
  #url = "";
  #pid = 0;

  /** @param {import("../dist/embedded/start-nats-server.js").StartNatsServerOptions & { serverName: string }} options */
  constructor(options) {
    this.name = options.serverName;
    this.#options = options;
  }

  get storeDir() {
    return this.#options.storeDir;
  }

  get url() {
    return this.#url;
  }

  get pid() {
    return this.#pid;
  }

  get isUp() {
    return this.#server !== undefined;
  }

  /** @param {import("./proxy-port.mjs").OpenProxy | undefined} openProxy */
  async standBefore(openProxy) {
    this.proxy = await openProxy?.({ host: "127.0.0.1", port: this.#port });
  }

  async start() {
    if (this.isUp) return;
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    await this.#starting;
  }

  async stop() {
    const server = this.#leave();
    await server?.stop();
  }

  async kill() {
    const server = this.#leave();
    await server?.kill();
  }

  pause() {
    if (!this.isUp) return;
    process.kill(this.#pid, "SIGSTOP");
    this.isPaused = true;
  }

  resume() {
    if (this.isUp && this.isPaused) process.kill(this.#pid, "SIGCONT");
    this.isPaused = false;
  }

  /** What it logged last. */
  logs() {
    return this.#server?.logs() ?? "";
  }

  /** A stopped process does not end by SIGTERM, and one that is about to end is not up any more. */
  #leave() {
    const server = this.#server;
    this.resume();
    this.#server = undefined;
    return server;
  }

  async #start() {
    const server = await startNatsServer({ ...this.#options, port: this.#port });
    this.#server = server;
    this.#port = server.port;
    this.#url = server.url;
    this.#pid = server.pid;
    void server.exited.then(() => {
      if (this.#server === server) this.#server = undefined;
    });
  }
}
