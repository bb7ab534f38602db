import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { onTestFinished } from "vitest";
import { until } from "./until.ts";

/** A process of the test, running a script beside this file on the built package. It ends with the test. */
export class Child {
  readonly pid: number;
  /** How it ended. */
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #reports: Report[] = [];
  #exit: Exit | undefined;
  #log = "";

  constructor(script: string, settings: object, env: Readonly<Record<string, string>> = {}) {
    const file = join(import.meta.dirname, script);
    const child = spawn(process.execPath, [file, JSON.stringify(settings)], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    this.#process = child;
    this.pid = child.pid ?? Number.NaN;
    this.exited = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        this.#exit = { code, signal };
        resolve(this.#exit);
      });
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      const report: Report = JSON.parse(line);
      this.#reports.push(report);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      this.#log += chunk.toString("utf8");
    });
    child.stdin.on("error", () => undefined); // It is gone: `exited` tells.
    onTestFinished(() => this.kill());
  }

  /** What it reported so far. */
  get reports(): readonly Report[] {
    return this.#reports;
  }

  /** What it logged so far. */
  get log(): string {
    return this.#log;
  }

  get isAlive(): boolean {
    return this.#exit === undefined;
  }

  /** The first report that `matches`, when it is there. */
  async reported(fact: string, matches: (report: Report) => boolean): Promise<Report> {
    const found = await until(fact, () => this.#reports.find(matches) ?? (!this.isAlive && "gone"));
    if (found !== "gone") return found;
    throw new ChildEndedError(`The process ended before it reported: ${fact}\n${this.#log}`);
  }

  send(command: object): void {
    this.#process.stdin.write(`${JSON.stringify(command)}\n`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** SIGKILL, and resolves when the process has ended. A stopped one is ended too. */
  async kill(): Promise<void> {
    if (this.isAlive) this.#process.kill("SIGKILL");
    await this.exited;
  }
}

/** A process that was to tell something has ended without it. */
export class ChildEndedError extends Error {}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A line that a process wrote: whatever it wanted to tell. */
export type Report = Readonly<Record<string, unknown>>;
