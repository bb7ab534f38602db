import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { atEnd } from "./at-end.ts";
import type { Finished } from "./cli.ts";

/**
 * A process that has loaded the built command line and runs one command after the other in this
 * folder and environment: what a command does and writes does not depend on who loaded its modules,
 * and loading them is nearly all that a short command costs.
 */
export class WarmCli {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolve>();
  #lastId = 0;
  #log = "";

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    const script = join(import.meta.dirname, "warm-cli.mjs");
    const child = fork(script, {
      cwd,
      env,
      execArgv: [],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#log += chunk.toString("utf8");
      });
    }
    child.on("message", ({ id, finished }: { id: number; finished: Finished }) => {
      this.#waiting.get(id)?.resolve(finished);
      this.#waiting.delete(id);
    });
    const exited = new Promise<void>((resolve) => {
      child.once("close", () => {
        for (const { reject } of this.#waiting.values()) {
          reject(new Error(`The process of the commands ended:\n${this.#log}`));
        }
        resolve();
      });
    });
    atEnd(async () => {
      child.kill("SIGKILL");
      await exited;
    });
  }

  run(args: readonly string[]): Promise<Finished> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, args }, (error) => error !== null && reject(error));
    });
  }
}

interface PromiseWithResolve {
  readonly resolve: (finished: Finished) => void;
  readonly reject: (error: Error) => void;
}
