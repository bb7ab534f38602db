import { setTimeout as delay } from "node:timers/promises";
import { localImports } from "./local-imports.ts";
import { watchFiles } from "./watch-files.ts";
import { WorkerProcess } from "./worker-process.ts";

/** The worker of `millrace dev`: started anew when a file changes, and when it dies; with a broken file it waits for a change. */
export class DevWorker {
  readonly #parts: DevWorkerParts;
  readonly #stopped: Promise<"stopped">;
  #markStopped: () => void = () => undefined;
  #stopping = false;
  #process: WorkerProcess | undefined;

  constructor(parts: DevWorkerParts) {
    this.#parts = parts;
    this.#stopped = new Promise((resolve) => {
      this.#markStopped = () => resolve("stopped");
    });
  }

  /** Resolves after `stop`. */
  async run(): Promise<void> {
    const { file, args, env, say, shown } = this.#parts;
    while (!this.#stopping) {
      const change = this.#nextChange(await localImports(file));
      const child = new WorkerProcess([file, ...args], env);
      this.#process = child;
      const event = await Promise.race([change.happened, child.exited, this.#stopped]);
      if (event === "stopped") {
        change.forget();
        return child.drain();
      }
      if (typeof event === "string") {
        say(`Changed: ${shown(event)}`);
        await child.drain();
      } else if (child.hasServed) {
        change.forget();
        say(`The worker ended (${event.signal ?? `exit code ${event.code}`}); starting it anew`);
        await delay(RESTART_DELAY_MS);
      } else {
        say("Waiting for a change");
        const next = await Promise.race([change.happened, this.#stopped]);
        change.forget();
        if (next !== "stopped") say(`Changed: ${shown(next)}`);
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#markStopped();
    await this.#process?.exited;
  }

  kill(): void {
    this.#process?.kill();
  }

  #nextChange(files: ReadonlySet<string>): Change {
    const waiting = new AbortController();
    const happened = new Promise<string>((resolve) => {
      const forget = watchFiles(files, resolve);
      waiting.signal.addEventListener("abort", forget);
    });
    return { happened, forget: () => waiting.abort() };
  }
}

export interface DevWorkerParts {
  readonly file: string;
  /** What else `millrace serve` is given. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly say: (text: string) => void;
  /** A path as it is shown. */
  readonly shown: (path: string) => string;
}

/** The next change of a watched file, with its path. */
interface Change {
  readonly happened: Promise<string>;
  forget(): void;
}

/** A worker that dies at once, again and again, must not keep the machine busy. */
const RESTART_DELAY_MS = 500;
