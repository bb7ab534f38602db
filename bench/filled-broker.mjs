import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { connect as connectRaw } from "@nats-io/transport-node";
import { startNatsServer } from "../dist/embedded/start-nats-server.js";
import { connect } from "../dist/index.js";
import { pool, timed } from "./clock.mjs";
import { WorkerProcess } from "./worker-process.mjs";

/** A broker whose log holds so many closed runs of `noop`, with keys that are known; filled once for each folder. */
export class FilledBroker {
  runs;
  server;
  raw;
  millrace;
  /** Seconds that the server took to be ready with all that is stored. */
  startSeconds;

  /** @param {string} folder holds one store for each number of runs @param {number} runs */
  static async open(folder, runs) {
    const filled = new FilledBroker();
    filled.runs = runs;
    const storeDir = join(folder, String(runs));
    mkdirSync(storeDir, { recursive: true });
    filled.startSeconds = await timed(async () => {
      filled.server = await startNatsServer({ storeDir, readyTimeoutMs: READY_TIMEOUT_MS });
    });
    filled.raw = await connectRaw({ servers: filled.server.url });
    filled.millrace = await connect({ servers: filled.server.url });
    await filled.#fill();
    return filled;
  }

  /** The id of one of the runs that are stored. */
  idOf(number) {
    return `noop:${keyOf(number)}`;
  }

  async close() {
    await this.millrace.close();
    await this.raw.close();
    await this.server.stop();
  }

  async #fill() {
    if (await this.#isClosed(this.runs - 1)) return;
    const worker = await WorkerProcess.start(this.server.url);
    try {
      let next = 0;
      await pool(this.runs, 256, async () => {
        const run = await this.millrace.submit("noop", undefined, { key: keyOf(next++) });
        await run.result();
      });
    } finally {
      await worker.stop();
    }
  }

  async #isClosed(number) {
    const state = await this.millrace
      .attach(this.idOf(number))
      .state()
      .catch(() => undefined);
    return state?.status === "completed";
  }
}

function keyOf(number) {
  return `stored-${number}`;
}

const READY_TIMEOUT_MS = 600_000;
