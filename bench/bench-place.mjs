import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectRaw } from "@nats-io/transport-node";
import { clusterOptions } from "../dist/embedded/cluster-options.js";
import { startNatsServer } from "../dist/embedded/start-nats-server.js";
import { connect } from "../dist/index.js";
import { cpuSecondsOf } from "./process-cost.mjs";
import { until } from "./until.mjs";
import { WorkerProcess } from "./worker-process.mjs";

/** A fresh broker, a worker and a client. What must not be weighed together with anything else has one of its own. */
export class BenchPlace {
  /** What the broker of every place is: `{ sync, replicas, partitions }`. Three replicas stand on three servers. */
  static broker = { replicas: 1, partitions: 1 };
  #storeDir = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  servers = [];
  /** A connection with nothing of ours before it. */
  raw;
  millrace;
  worker;

  /** `options` are those of `serve`; with `worker: false` there is none yet. */
  static async open({ worker = true, ...options } = {}) {
    const place = new BenchPlace();
    try {
      const { sync, replicas, partitions } = BenchPlace.broker;
      place.servers = await startServers(place.#storeDir, replicas, sync);
      const { url } = place.server;
      place.raw = await connectRaw({ servers: url });
      place.millrace = await connectWhenReady({ servers: url, replicas, partitions });
      if (worker) place.worker = await WorkerProcess.start(url, options);
      return place;
    } catch (error) {
      await place.close();
      throw error;
    }
  }

  /** Opens a place for some work, and leaves nothing of it. */
  static async with(options, work) {
    const place = await BenchPlace.open(options);
    try {
      return await work(place);
    } finally {
      await place.close();
    }
  }

  /** The one that everybody is connected to. */
  get server() {
    return this.servers[0];
  }

  /** Seconds of CPU that each process has used; all servers together. */
  async cpu() {
    const ofServers = await Promise.all(this.servers.map(({ pid }) => cpuSecondsOf(pid)));
    return {
      server: ofServers.reduce((sum, seconds) => sum + seconds, 0),
      worker: await this.worker.cpuSeconds(),
      client: cpuSecondsOfThis(),
    };
  }

  /** Resolves when what a measure left to be done, such as telling of its runs, is done. */
  async untilQuiet() {
    await until(async () => {
      const before = await this.cpu();
      await pause(QUIET_MS);
      const after = await this.cpu();
      const used = after.server - before.server + after.worker - before.worker;
      return used * 1_000 < QUIET_MS * QUIET_SHARE * this.servers.length;
    });
  }

  async close() {
    await this.worker?.stop();
    await this.millrace?.close();
    await this.raw?.close();
    await Promise.all(this.servers.map((server) => server.stop()));
    rmSync(this.#storeDir, { recursive: true, force: true });
  }
}

async function startServers(storeDir, size, sync) {
  const nodes = size === 1 ? [{ storeDir }] : await clusterOptions(storeDir, size);
  const options = sync === undefined ? {} : { syncInterval: sync };
  return Promise.all(nodes.map((node) => startNatsServer({ ...node, ...options })));
}

/** A cluster that has just started takes a while to agree on who leads it. */
async function connectWhenReady(options) {
  let connection;
  await until(async () => {
    try {
      connection = await connect(options);
      return true;
    } catch (error) {
      if (options.replicas === 1) throw error;
      return false;
    }
  });
  return connection;
}

function cpuSecondsOfThis() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const QUIET_MS = 200;
/** Of one core, for each server: what replicas do while nothing happens. */
const QUIET_SHARE = 0.15;
