import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { JITI } from "../../support/jiti.ts";

/** Runs a `.ts` file of `fixtures/` in a Node process and process group of its own. */
export function spawnFixture(name: string, ...args: readonly string[]): Fixture {
  const file = join(import.meta.dirname, "..", "fixtures", name);
  const child = spawn(process.execPath, [JITI, file, ...args], {
    cwd: join(import.meta.dirname, "..", "..", ".."),
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const nextLine = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`${name} ended`);
    return line.value;
  };
  return {
    child,
    nextLine,
    nextReport: async () => {
      const report: Report = JSON.parse(await nextLine());
      return report;
    },
    exited: async () => {
      await exited;
    },
  };
}

export interface Fixture {
  readonly child: ChildProcess;
  /** The next line that it prints. */
  nextLine(): Promise<string>;
  /** The next line, in which it says what it holds. */
  nextReport(): Promise<Report>;
  exited(): Promise<void>;
}

export interface Report {
  readonly pid: number;
  readonly port: number;
  readonly owned: boolean;
}
