// @ts-check
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findNatsServer } from "../../dist/embedded/find-nats-server.js";
import { startNatsServer } from "../../dist/embedded/start-nats-server.js";
import { Disk } from "./disk.mjs";
import { replay, straceArguments } from "./trace.mjs";

/**
 * A nats-server on a machine whose power can fail: all that it does to its files is traced, so that it is known what a disk would
 * have of them. Needs strace.
 */
export class TracedServer {
  #options;
  #folder;
  #trace;
  /** @type {import("../../dist/embedded/start-nats-server.js").NatsServer | undefined} */ #server;
  /** @type {Disk | undefined} */ #disk;
  #port = 0;
  #url = "";

  /**
   * @param {import("../../dist/embedded/start-nats-server.js").StartNatsServerOptions} options
   * @param {string} traces a folder
   */
  constructor(options, traces) {
    this.#options = options;
    this.#folder = options.storeDir;
    this.#trace = join(traces, `${options.serverName ?? "n0"}.strace`);
  }

  get url() {
    return this.#url;
  }

  async start() {
    await mkdir(this.#folder, { recursive: true });
    this.#folder = await realpath(this.#folder);
    const { path } = await findNatsServer({});
    const wrapper = `${this.#trace}.sh`;
    const strace = ["strace", ...straceArguments(this.#trace), path].map((one) => `'${one}'`);
    await writeFile(wrapper, `#!/bin/sh\nexec ${strace.join(" ")} "$@"\n`);
    await chmod(wrapper, 0o755);
    await rm(this.#trace, { force: true });
    this.#disk = Disk.of(this.#folder);
    const server = await startNatsServer({ ...this.#options, binary: wrapper, port: this.#port });
    this.#server = server;
    this.#port = server.port;
    this.#url = server.url;
  }

  /** The process is killed, and its machine goes on: all that it wrote is there. */
  async kill() {
    const server = this.#server;
    this.#server = undefined;
    await server?.kill();
    if (server !== undefined) await this.#ended(server.pid);
  }

  /**
   * What `kill` left is what the page cache had. Now the machine starts again, and only what was on the disk is there.
   * @param {(writes: number) => number} [keep] how many writes to a file that were not synced are there all the same
   */
  async losePower(keep) {
    const disk = this.#disk;
    if (disk === undefined) throw new Error("It was never started.");
    await replay(this.#trace, this.#folder, disk);
    disk.restore(this.#folder, keep);
    return disk.lost;
  }

  logs() {
    return this.#server?.logs() ?? "";
  }

  /** strace goes away when it has written all that the process did. @param {number} pid */
  async #ended(pid) {
    while (existsSync(`/proc/${pid}`) || (await isTraced(this.#trace))) await delay(20);
  }
}

/** True while an strace writes to the file. @param {string} file */
async function isTraced(file) {
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    const [program, ...options] = command.split("\0");
    if (program === "strace" && options.includes(file)) return true;
  }
  return false;
}
