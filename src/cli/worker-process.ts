import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { readServingMessage } from "./parent-process.ts";

/**
 * A worker in a process of its own, with this process's output. It is in its own process group, so that Ctrl-C reaches
 * this process alone, which then stops it in good order; and it ends when this process is gone.
 */
export class WorkerProcess {
  readonly exited: Promise<WorkerExit>;
  readonly #child: ChildProcess;
  #serving = false;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(process.execPath, [MAIN, "serve", ...args], {
      detached: true,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      env,
    });
    this.#child.on("message", (message) => {
      if (readServingMessage(message) !== undefined) this.#serving = true;
    });
    this.exited = once(this.#child, "exit").then(([code, signal]) => ({ code, signal }));
  }

  /** It has begun to serve: its file is all right. */
  get hasServed(): boolean {
    return this.#serving;
  }

  /** Lets it hand over its runs and end. Resolves when it has ended. */
  async drain(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.exited;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

export interface WorkerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const MAIN = join(import.meta.dirname, "main.js");
