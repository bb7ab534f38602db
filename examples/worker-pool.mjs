import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MILLRACE = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

/** Worker processes that serve one file. They end with this process; Ctrl-C in the terminal does not reach them. */
export class WorkerPool {
  #options;
  #workers = new Map();
  #count = 0;
  #stopping = false;

  /** `onLog` gets each log entry of a worker, `onDeath` each worker that ended by itself. */
  constructor({ file, url, args = [], env = {}, onLog = () => {}, onDeath = () => {} }) {
    this.#options = { file, url, args, env, onLog, onDeath };
  }

  /** Starts one more worker and resolves when it serves. */
  async start() {
    const { file, url, args, env } = this.#options;
    const child = spawn(process.execPath, [MILLRACE, "serve", file, "-s", url, "--json", ...args], {
      detached: true,
      stdio: ["ignore", "pipe", "inherit", "ipc"],
      env: { ...process.env, ...env },
    });
    const worker = { name: `worker ${++this.#count}`, pid: child.pid, child, id: "" };
    const exited = once(child, "exit");
    this.#workers.set(child.pid, { ...worker, exited });
    this.#readLog(worker);
    const first = await Promise.race([once(child, "message"), exited.then(() => undefined)]);
    if (first === undefined) throw new Error(`${worker.name} ended before it served anything.`);
    worker.id = first[0].worker;
    this.#workers.set(child.pid, { ...worker, exited });
    void exited.then(([code, signal]) => {
      this.#workers.delete(child.pid);
      if (!this.#stopping) this.#options.onDeath(worker, signal ?? `exit code ${code}`);
    });
    return worker;
  }

  /** The worker that events call by this id, while it lives. */
  find(id) {
    return [...this.#workers.values()].find((worker) => worker.id === id);
  }

  /** Lets every worker hand over its runs and end. */
  async stop() {
    this.#stopping = true;
    await Promise.all(
      [...this.#workers.values()].map(async ({ child, exited }) => {
        child.kill("SIGTERM");
        await exited;
      }),
    );
  }

  /** Ends every worker at once. */
  kill() {
    this.#stopping = true;
    for (const { child } of this.#workers.values()) child.kill("SIGKILL");
  }

  #readLog(worker) {
    createInterface({ input: worker.child.stdout }).on("line", (line) => {
      try {
        this.#options.onLog(worker, JSON.parse(line));
      } catch {
        console.log(line); // Somebody's console.log.
      }
    });
  }
}
