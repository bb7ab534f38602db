import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectRaw } from "@nats-io/transport-node";
import { startNatsServer } from "../dist/embedded/start-nats-server.js";
import { connect } from "../dist/index.js";
import { WorkerProcess } from "./worker-process.mjs";

/** A fresh broker, a worker and a client. What must not be weighed together with anything else has one of its own. */
export class BenchPlace {
  #storeDir = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  server;
  /** A connection with nothing of ours before it. */
  raw;
  millrace;
  worker;

  /** `options` are those of `serve`; with `worker: false` there is none yet. */
  static async open({ worker = true, ...options } = {}) {
    const place = new BenchPlace();
    try {
      place.server = await startNatsServer({ storeDir: place.#storeDir });
      const { url } = place.server;
      place.raw = await connectRaw({ servers: url });
      place.millrace = await connect({ servers: url });
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

  async close() {
    await this.worker?.stop();
    await this.millrace?.close();
    await this.raw?.close();
    await this.server?.stop();
    rmSync(this.#storeDir, { recursive: true, force: true });
  }
}
