// @ts-check
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { findNatsServer } from "../dist/embedded/find-nats-server.js";

const execute = promisify(execFile);

/**
 * A disk for the streams of one nats-server that can be made full and free again while it runs. It is memory (tmpfs), mounted
 * in name spaces of its own, so nobody needs rights for it, and nobody else sees it; it goes with this process.
 *
 * A full disk is one that was made as small as what is on it.
 */
export class SmallDisk {
  #keeper;
  #mount;
  /** A program that runs a nats-server which sees the disk; to be given as its `binary`. */
  binary;

  /**
   * Mounts a disk where a server with this store keeps its streams.
   * @param {string} storeDir
   * @returns {Promise<SmallDisk | string>} or why that cannot be done here
   */
  static async open(storeDir) {
    const mount = join(storeDir, "jetstream");
    await mkdir(mount, { recursive: true });
    // The name spaces are there for as long as somebody is in them: `cat` is, until this process lets go of it.
    const script = `mount -t tmpfs -o size=${FREE} tmpfs "$1" && echo mounted && exec cat`;
    const keeper = spawn("unshare", ["-Urm", "sh", "-c", script, "sh", mount], {
      stdio: ["pipe", "pipe", "pipe"],
      // What stops this process from a terminal does not take the disk away from under its server.
      detached: true,
    });
    let error = "";
    keeper.stderr.on("data", (text) => {
      error += text;
    });
    const failed = once(keeper, "error").then(([cause]) => String(cause));
    const ended = once(keeper, "close").then(() => error.trim() || "it ended");
    const mounted = once(keeper.stdout, "data").then(() => undefined);
    const why = await Promise.race([mounted, failed, ended]);
    if (why !== undefined) return `no disk can be mounted here (unshare -Urm: ${why})`;
    const binary = join(storeDir, "nats-server-on-small-disk");
    const { path } = await findNatsServer();
    const enter = `nsenter --preserve-credentials -U -m -t ${keeper.pid}`;
    await writeFile(binary, `#!/bin/sh\nexec ${enter} ${quote(path)} "$@"\n`, { mode: 0o755 });
    return new SmallDisk(keeper, mount, binary);
  }

  /**
   * @private
   * @param {import("node:child_process").ChildProcessWithoutNullStreams} keeper
   * @param {string} mount
   * @param {string} binary
   */
  constructor(keeper, mount, binary) {
    this.#keeper = keeper;
    this.#mount = mount;
    this.binary = binary;
  }

  /** From now on it takes so many bytes more, to the next page. */
  async fill(spareBytes = 0) {
    for (let tries = 1; ; tries++) {
      const { stdout } = await this.#inside("df", "-B1", "--output=used", this.#mount);
      const used = Number(stdout.trim().split("\n").at(-1));
      try {
        return await this.#resize(`${Math.ceil((used + spareBytes) / PAGE) * PAGE}`);
      } catch (error) {
        // More was written since it was asked: a disk cannot be smaller than what is on it.
        if (tries === TRIES) throw error;
      }
    }
  }

  /** There is room again. */
  async free() {
    await this.#resize(FREE);
  }

  /** Nobody may use it any more. What was on it is gone. */
  async close() {
    if (this.#keeper.exitCode !== null || this.#keeper.signalCode !== null) return;
    this.#keeper.stdin.end();
    await once(this.#keeper, "close");
  }

  /** @param {string} size */
  async #resize(size) {
    await this.#inside("mount", "-o", `remount,size=${size}`, this.#mount);
  }

  /** @param {readonly string[]} command */
  #inside(...command) {
    const enter = ["--preserve-credentials", "-U", "-m", "-t", String(this.#keeper.pid)];
    return execute("nsenter", [...enter, ...command]);
  }
}

const FREE = "2g";
const PAGE = 4096;
const TRIES = 20;

/** @param {string} path */
function quote(path) {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}
