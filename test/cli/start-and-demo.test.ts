import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isAlive } from "../../src/embedded/process-command.ts";
import { start } from "./support/cli.ts";
import { projectFolder } from "./support/folder.ts";

/** What the npm scripts run after the set-up, which would build anew under the feet of other tests. */
const EXAMPLES = join(import.meta.dirname, "..", "..", "examples");

async function brokerPid(folder: string): Promise<number> {
  const text = await readFile(join(folder, ".millrace", "nats", "broker.json"), "utf8");
  return (JSON.parse(text) as { readonly pid: number }).pid;
}

test("npm start: the run goes on elsewhere when its worker is killed, and Ctrl-C leaves nothing behind", async () => {
  const folder = await projectFolder();
  const started = start([join(EXAMPLES, "start.mjs"), folder], { cwd: folder });
  const [, victim] = await started.wrote(/kill -9 (\d+)/);
  await started.wrote(/step reserve#1 completed on worker/);
  process.kill(Number(victim), "SIGKILL");
  await started.wrote(/is gone: SIGKILL\. Starting another one/);
  await started.wrote(/taken over by worker \d \(pid/);
  await started.wrote(/worker 3 \(pid \d+\) serves/);
  const workers = [...started.output.matchAll(/worker \d \(pid (\d+)\)/g)].map(([, pid]) =>
    Number(pid),
  );
  const pids = [...new Set(workers), await brokerPid(folder)];
  expect(new Set(workers).size).toBe(3);
  started.kill("SIGINT");
  expect(await started.finished).toMatchObject({ code: 0, signal: null });
  expect(pids.filter(isAlive)).toEqual([]);
});

test("npm run demo: every result is right, only steps under way are repeated, nothing is left", async () => {
  const folder = await projectFolder();
  const demo = start([join(EXAMPLES, "drill.mjs")], { cwd: folder, env: { TMPDIR: folder } });
  const { code, stdout, stderr } = await demo.finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/50 of 50 completed with the right result/);
  const [, taken = ""] = /taken over +(\d+) runs/.exec(stdout) ?? [];
  const [, executed = "", repeated = ""] = /(\d+) executed, (\d+) repeated/.exec(stdout) ?? [];
  expect(Number(taken)).toBeGreaterThan(0);
  expect(Number(executed)).toBe(500 + Number(repeated));
  // The worker that died had ten runs at the most, each with one step under way.
  expect(Number(repeated)).toBeLessThanOrEqual(10);
  expect((await readdir(folder)).filter((name) => name.startsWith("millrace-drill"))).toEqual([]);
});
