import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** The worker, in a process of its own, and the questions it answers. */
export class WorkerProcess {
  #child;

  /** `options` are those of `serve`. */
  static async start(url, options = {}) {
    const worker = new WorkerProcess();
    const program = join(import.meta.dirname, "worker.mjs");
    const execArgv = ["--expose-gc"];
    worker.#child = fork(program, [url, JSON.stringify(options)], { execArgv });
    await worker.#answer("ready");
    return worker;
  }

  async cpuSeconds() {
    return this.#ask({ ask: "cpu" });
  }

  /** How many runs it holds, and how many of them execute. */
  async stats() {
    return this.#ask({ ask: "stats" });
  }

  /** Bytes that are in use once all garbage is gone: of its heap, and in all. */
  async memory() {
    return this.#ask({ ask: "memory" });
  }

  async startProfile() {
    await this.#ask({ ask: "startProfile" });
  }

  async stopProfile(path) {
    await this.#ask({ ask: "stopProfile", path });
  }

  signal(name) {
    this.#child.kill(name);
  }

  /** SIGKILL, and resolves when it has ended. A stopped one is ended too. */
  async kill() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }

  async stop() {
    const exited = once(this.#child, "exit");
    this.#child.disconnect();
    await exited;
  }

  async #ask(question) {
    const answer = this.#answer(question.ask);
    this.#child.send(question);
    return answer;
  }

  async #answer(to) {
    const abort = new AbortController();
    const { signal } = abort;
    const ended = once(this.#child, "exit", { signal }).then(() => {
      throw new Error("The worker ended.");
    });
    const answered = once(this.#child, "message", { signal });
    try {
      const [message] = await Promise.race([answered, ended]);
      if (message.to !== to) throw new Error(`The worker answered ${message.to}, not ${to}.`);
      return message.value;
    } finally {
      abort.abort();
      await Promise.allSettled([answered, ended]);
    }
  }
}
