import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { atEnd } from "./at-end.ts";
import { until } from "./until.ts";
import { WarmCli } from "./warm-cli.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
/** The built command, as a user has it. */
export const MILLRACE = join(ROOT, "dist", "cli", "main.js");

const warm = new Map<string, WarmCli>();

/**
 * Runs `millrace` to its end: in a process of its own when it reads its standard input or loads a
 * file of code, otherwise in one that has loaded the command line for a command before.
 */
export async function millrace(args: readonly string[], options: RunOptions): Promise<Finished> {
  if (options.stdin !== undefined || args.some(isCode)) return alone(args, options);
  const { cwd, env = {} } = options;
  const where = JSON.stringify([cwd, env]);
  const cli = warm.get(where) ?? new WarmCli(cwd, { ...clean(process.env), ...env });
  warm.set(where, cli);
  return cli.run(args);
}

/** Runs `millrace` to its end, in a process of its own as a shell does. */
export async function alone(args: readonly string[], options: RunOptions): Promise<Finished> {
  const running = start([MILLRACE, ...args], options);
  running.stdin.end(options.stdin);
  return running.finished;
}

/** Code of a file is loaded once by a process, and tests change their flows; what `--payloads` names stays as it is. */
function isCode(arg: string, at: number, args: readonly string[]): boolean {
  return /\.[cm]?[jt]s$/.test(arg) && args[at - 1] !== "--payloads";
}

/** Starts Node with a script of this repository, or the command, and leaves it running. */
export function start(args: readonly string[], options: RunOptions): Running {
  return new Running(args, options);
}

export interface RunOptions {
  /** The folder it runs in: no development broker is there by chance. */
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
}

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Running {
  readonly pid: number;
  readonly finished: Promise<Finished>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #stdout = "";
  #stderr = "";
  #output = "";
  #ended = false;

  constructor(args: readonly string[], { cwd, env = {} }: RunOptions) {
    const child = spawn(process.execPath, args, {
      cwd,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...clean(process.env), ...env },
    });
    this.#child = child;
    this.pid = child.pid ?? Number.NaN;
    child.stdin.on("error", () => undefined); // It ended without reading: `finished` tells.
    child.stdout.on("data", (chunk: Buffer) => {
      this.#stdout += chunk.toString("utf8");
      this.#output += chunk.toString("utf8");
    });
    child.stderr.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString("utf8");
      this.#output += chunk.toString("utf8");
    });
    this.finished = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        this.#ended = true;
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
    atEnd(async () => this.stop());
  }

  get stdin(): Writable {
    return this.#child.stdin;
  }

  /** Everything that it wrote so far, in the order in which it came. */
  get output(): string {
    return this.#output;
  }

  /** The first match in what it writes after `from` characters. */
  async wrote(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    const found = await until(`it writes ${pattern}`, () => {
      const match = pattern.exec(this.output.slice(from));
      return match ?? (this.#ended ? "ended" : undefined);
    }).catch((error: unknown) => {
      throw new Error(this.output, { cause: error });
    });
    if (found !== "ended") return found;
    throw new Error(`It ended before it wrote ${pattern}:\n${this.output}`);
  }

  /** Nobody reads it any more, as behind `| head`. */
  closeOutput(): void {
    this.#child.stdout.destroy();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it in order, and resolves when it has ended. */
  async stop(): Promise<Finished> {
    if (!this.#ended) this.#child.kill("SIGTERM");
    return this.finished;
  }
}

/** Nothing of the shell that runs the tests may choose a broker or a colour. */
function clean(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => !/^(?:NATS_|MILLRACE_NAMESPACE|NO_COLOR|FORCE_COLOR)/.test(name),
  );
  return Object.fromEntries(kept);
}
