import { Worker } from "node:worker_threads";
import type { CheckedRun } from "../../debug/checked-run.ts";
import { parseRunId } from "../../engine/run-id.ts";
import { CliError, type CliErrorCode } from "../cli-error.ts";
import type { CheckAnswer, CheckTask, CheckThreadOptions } from "./check-messages.ts";

/**
 * A thread that replays runs one after the other. One that dies, or says nothing for a while, loses the run that it was at, and
 * another takes its place and the rest.
 */
export class CheckThreadHandle {
  readonly #options: CheckThreadHandleOptions;
  readonly #asked: Asked[] = [];
  #thread: Worker;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #begun: Promise<readonly string[]>;

  constructor(options: CheckThreadHandleOptions) {
    this.#options = options;
    [this.#thread, this.#begun] = this.#start();
  }

  /** The flows and tasks that the file exports. @throws {@link CliError} when it cannot be loaded. */
  get ready(): Promise<readonly string[]> {
    return this.#begun;
  }

  /** How many runs it is yet to answer for. */
  get waiting(): number {
    return this.#asked.length;
  }

  check(task: CheckTask): Promise<CheckedRun | "needs-blobs"> {
    return new Promise((resolve) => {
      this.#asked.push({ task, resolve });
      this.#thread.postMessage(task);
      void this.#begun.then(
        () => this.#count(),
        () => undefined,
      );
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#thread.terminate();
  }

  #start(): [Worker, Promise<readonly string[]>] {
    const { flowFile, payloadsFile } = this.#options;
    const workerData: CheckThreadOptions = { flowFile, payloadsFile };
    // What flows write to stdout must not stand in the report.
    const thread = new Worker(THREAD, { workerData, name: "millrace-check", stdout: true });
    thread.stdout.on("data", (text: Buffer) => process.stderr.write(text));
    const begun = new Promise<readonly string[]>((resolve, reject) => {
      thread.on("message", (answer: CheckAnswer) => {
        if (answer.kind === "ready") resolve(answer.names);
        else if (answer.kind === "refused") {
          reject(new CliError(answer.code as CliErrorCode, answer.message));
        } else if (thread === this.#thread) this.#answered(answer);
      });
      thread.once("error", (error) => {
        reject(error);
        this.#lose(thread, `the code threw outside of the flow: ${String(error)}`);
      });
      thread.once("exit", () => {
        reject(
          new CliError("FILE_NOT_LOADED", `${flowFile} ended the process while it was loaded.`),
        );
        this.#lose(thread, "the code ended the process");
      });
    });
    begun.catch(() => undefined);
    return [thread, begun];
  }

  /** What it loads is no run's fault: only then is time counted. */
  #startAgain(): void {
    const [thread, begun] = this.#start();
    this.#thread = thread;
    this.#begun = begun;
    for (const { task } of this.#asked) thread.postMessage(task);
    begun.then(
      () => {
        if (thread === this.#thread) this.#count();
      },
      (error: unknown) => this.#lose(thread, String(error)),
    );
  }

  #answered(answer: Extract<CheckAnswer, { readonly kind: "checked" | "needs-blobs" }>): void {
    clearTimeout(this.#timer);
    const first = this.#asked.shift();
    this.#timer = this.#asked.length === 0 ? undefined : this.#watch();
    first?.resolve(answer.kind === "checked" ? answer.checked : "needs-blobs");
  }

  #count(): void {
    if (this.#asked.length > 0 && !this.#isClosed) this.#timer ??= this.#watch();
  }

  #watch(): NodeJS.Timeout {
    const { silenceMs } = this.#options;
    return setTimeout(() => {
      this.#lose(this.#thread, `the code did not come to an end within ${silenceMs / 1_000} s`);
    }, silenceMs);
  }

  /** The run that it was at is given up; a new thread is asked for the others. */
  #lose(thread: Worker, why: string): void {
    if (thread !== this.#thread || this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lost = this.#asked.shift();
    void thread.terminate();
    this.#startAgain();
    if (lost === undefined) return;
    const { task } = lost;
    const run = task.kind === "run" ? task.packed.id : task.file;
    const flow = task.kind === "run" ? parseRunId(run).flow : "";
    lost.resolve({ run, flow, verdict: "unreadable", why });
  }
}

export interface CheckThreadHandleOptions extends CheckThreadOptions {
  /** How long a thread may say nothing before it is given up. */
  readonly silenceMs: number;
}

interface Asked {
  readonly task: CheckTask;
  readonly resolve: (checked: CheckedRun | "needs-blobs") => void;
}

// Sources run as TypeScript only under the test runner, and a thread of Node 20 cannot: it takes the build.
const THREAD = new URL(
  import.meta.url.endsWith(".ts") ? "../../../dist/cli/check/check-thread.js" : "./check-thread.js",
  import.meta.url,
);
