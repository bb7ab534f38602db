import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** The worker, in a process of its own, and the questions it answers. */
export class WorkerProcess {
  #child;

  static async start(url) {
    const worker = new WorkerProcess();
    worker.#child = fork(join(import.meta.dirname, "worker.mjs"), [url]);
    await worker.#answer("ready");
    return worker;
  }

  async cpuSeconds() {
    return this.#ask({ ask: "cpu" });
  }

  async startProfile() {
    await this.#ask({ ask: "startProfile" });
  }

  async stopProfile(path) {
    await this.#ask({ ask: "stopProfile", path });
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
