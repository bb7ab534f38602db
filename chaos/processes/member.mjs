// @ts-check
import { fork } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const RESTART_MS = 200;
/** It comes before everything else, also in the threads that the process starts. */
const CLOCK = pathToFileURL(join(import.meta.dirname, "shifted-clock.mjs")).href;

/**
 * A place in the field where one process runs, and another one when it has ended: what a supervisor does.
 * It is a `Member` of `field.mjs`.
 */
export class Member {
  name;
  isPaused = false;
  isReady = false;
  /** What it reported last, of each kind. @type {Record<string, unknown>} */ told = {};
  #script;
  /** @type {Record<string, unknown>} */ #settings;
  #log;
  #onEnded;
  /** @type {import("node:child_process").ChildProcess | undefined} */ #child;
  #pid = 0;
  #isStopped = false;
  /** @type {NodeJS.Timeout | undefined} */ #restart;

  /**
   * @param {string} name
   * @param {string} script beside this file, or in the same place of another `settings.home`
   * @param {Readonly<Record<string, unknown>>} settings
   * @param {{ readonly directory: string, readonly onEnded: (pid: number) => void }} options
   */
  constructor(name, script, settings, { directory, onEnded }) {
    this.name = name;
    this.#script = script;
    this.#settings = { ...settings, who: name };
    this.#log = openSync(join(directory, `${name}.log`), "a");
    this.#onEnded = onEnded;
    this.#start();
  }

  get pid() {
    return this.#pid;
  }

  get isUp() {
    return this.#child !== undefined;
  }

  kill() {
    this.#child?.kill("SIGKILL");
  }

  pause() {
    if (this.#child?.kill("SIGSTOP") === true) this.isPaused = true;
  }

  resume() {
    if (this.isPaused) this.#child?.kill("SIGCONT");
    this.isPaused = false;
  }

  /** @param {import("../field.mjs").Order} order */
  tell(order) {
    this.send({ order });
  }

  /** @param {object} message */
  send(message) {
    const child = this.#child;
    if (child?.connected === true) child.send(message, () => undefined);
  }

  /** @param {Readonly<Record<string, unknown>>} settings */
  settle(settings) {
    Object.assign(this.#settings, settings);
  }

  async roll(timeoutMs = 15_000) {
    const child = this.#child;
    if (child === undefined) return;
    this.resume();
    const force = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await exited;
    clearTimeout(force);
  }

  /** Ends it for good. */
  async stop() {
    this.#isStopped = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  #start() {
    const script = join(String(this.#settings["home"]), "processes", this.#script);
    const child = fork(script, [JSON.stringify(this.#settings)], {
      stdio: ["ignore", this.#log, this.#log, "ipc"],
      execArgv: ["--import", CLOCK],
    });
    this.#child = child;
    this.#pid = child.pid ?? 0;
    child.on("message", (message) => {
      if (Object(message).ready === true) this.isReady = true;
      Object.assign(this.told, message);
    });
    child.on("error", () => undefined); // A message to one that has just ended.
    child.once("exit", () => this.#ended());
  }

  #ended() {
    this.#onEnded(this.#pid);
    this.#child = undefined;
    this.isPaused = false;
    this.isReady = false;
    this.told = {};
    if (!this.#isStopped) this.#restart = setTimeout(() => this.#start(), RESTART_MS);
  }
}
