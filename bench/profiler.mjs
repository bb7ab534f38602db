import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { join } from "node:path";

/** Takes CPU profiles of client and worker while a measure runs; does nothing without a folder to write to. */
export class Profiler {
  #folder;
  #name;
  #worker;

  constructor(folder, name, worker) {
    this.#folder = folder;
    this.#name = name;
    this.#worker = worker;
  }

  async start() {
    if (this.#folder === undefined) return;
    await Promise.all([startProfile(), this.#worker.startProfile()]);
  }

  async stop() {
    if (this.#folder === undefined) return;
    const path = (who) => join(this.#folder, `${this.#name}-${who}.cpuprofile`);
    await Promise.all([stopProfile(path("client")), this.#worker.stopProfile(path("worker"))]);
  }
}

const session = new Session();

export async function startProfile() {
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 200 });
  await session.post("Profiler.start");
}

export async function stopProfile(path) {
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  writeFileSync(path, JSON.stringify(profile));
}
