// @ts-check
import { join } from "node:path";
import { clusterOptions } from "../dist/embedded/cluster-options.js";
import { startNatsServer } from "../dist/embedded/start-nats-server.js";
import { ServerProxy } from "./proxy/server-proxy.mjs";
import { TcpProxy } from "./proxy/tcp-proxy.mjs";
import { SmallDisk } from "./small-disk.mjs";

/**
 * The nats-servers of a field, all up, each behind a proxy: one alone, or three that are a cluster, with proxies between them.
 * @param {"one" | "cluster"} topology
 * @param {string} directory
 * @param {{ readonly random: import("./random.mjs").Random, readonly smallDisk: boolean }} how `smallDisk`: the last
 *   server's streams are on a disk that can be made full, if that can be done here
 * @returns {Promise<Node[]>}
 */
export async function startServers(topology, directory, { random, smallDisk }) {
  /** @type {{ readonly from: number, readonly to: number, readonly proxy: TcpProxy }[]} */
  const routes = [];
  const chance = random.fork("routes");
  /** @type {import("../dist/embedded/cluster-options.js").RouteThrough} */
  const through = async ({ from, to, port }) => {
    const proxy = await TcpProxy.start({ target: { port }, random: () => chance.fraction() });
    routes.push({ from, to, proxy });
    return proxy.port;
  };
  const options =
    topology === "one"
      ? [{ storeDir: join(directory, "n0"), serverName: "n0" }]
      : await clusterOptions(directory, 3, through);
  const nodes = options.map((one, at) => {
    const touching = routes.filter(({ from, to }) => from === at || to === at);
    return new Node(
      one,
      touching.map(({ proxy }) => proxy),
    );
  });
  const [last] = nodes.slice(-1);
  if (smallDisk) await last?.takeSmallDisk();
  await Promise.all(nodes.map((node) => node.start()));
  for (const node of nodes) await node.standBehind(random.fork(node.name));
  return nodes;
}

/** One nats-server that is stopped, killed, paused and started again on the same store and port. */
export class Node {
  /** @type {string} */ name;
  /** @type {SmallDisk | string} */ disk = "its disk is an ordinary one";
  routes;
  /** @type {ServerProxy | undefined} */ #proxy;
  isPaused = false;
  /** @type {import("../dist/embedded/start-nats-server.js").StartNatsServerOptions} */ #options;
  /** @type {import("../dist/embedded/start-nats-server.js").NatsServer | undefined} */ #server;
  /** @type {Promise<void> | undefined} */ #starting;
  #port = 0;
  #url = "";
  #pid = 0;

  /**
   * @param {import("../dist/embedded/start-nats-server.js").StartNatsServerOptions & { serverName: string }} options
   * @param {readonly TcpProxy[]} routes what lies between it and the other servers
   */
  constructor(options, routes) {
    this.name = options.serverName;
    this.#options = options;
    this.routes = routes;
  }

  get proxy() {
    if (this.#proxy === undefined) throw new Error(`No proxy stands before ${this.name} yet`);
    return this.#proxy;
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

  /** From its next start on it keeps its streams on a disk that can be made full. */
  async takeSmallDisk() {
    this.disk = await SmallDisk.open(this.storeDir);
    if (typeof this.disk !== "string") {
      this.#options = { ...this.#options, binary: this.disk.binary };
    }
  }

  /** @param {import("./random.mjs").Random} random */
  async standBehind(random) {
    this.#proxy = await ServerProxy.open({ port: this.#port }, () => random.fraction());
  }

  /** Ends it, and all that stands around it. */
  async close() {
    await this.kill();
    await this.#proxy?.close();
    await Promise.all(this.routes.map((route) => route.close()));
    if (typeof this.disk !== "string") await this.disk.close();
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
