import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { isAlive } from "../../src/embedded/process-command.ts";
import { MILLRACE, millrace, type Running, start } from "./support/cli.ts";
import { projectFolder } from "./support/folder.ts";
import { until } from "./support/until.ts";

let folder: string;

const flowSaying = (text: string): string => `
import { flow } from "millrace";
import { mark } from "./mark.js";
export const hello = flow("hello", async () => "${text}" + mark);
`;
const markOf = (mark: string): string => `export const mark: string = "${mark}";`;

beforeAll(async () => {
  folder = await projectFolder({ "flows.ts": flowSaying("one"), "mark.ts": markOf("!") });
});

/** Starts `dev` and waits until its worker serves. */
async function dev(): Promise<Running> {
  const running = start([MILLRACE, "dev", "flows.ts", "--server-port", "0"], { cwd: folder });
  onTestFinished(async () => void (await running.stop()));
  await running.wrote(/"Serving"/);
  return running;
}

/** Submits in the same folder, without an address. */
async function hello(): Promise<string> {
  const args = ["submit", "hello", "--wait", "--timeout", "60s"];
  const { stdout, stderr } = await millrace(args, { cwd: folder });
  return stdout === "" ? stderr : JSON.parse(stdout);
}

/** The processes of the workers that it has started so far. */
function workerPids({ output }: Running): readonly number[] {
  const pids = [...output.matchAll(/"pid":(\d+)[^\n]*"Serving"/g)];
  return pids.map(([, pid]) => Number(pid));
}

/** What is served, as soon as it is this: one change of a file may be seen as two. */
async function served(text: string): Promise<string> {
  return until(`${text} is served`, async () => {
    const said = await hello();
    return said === text ? said : undefined;
  });
}

test("the other commands find its broker, and a change of the file or of what it imports is served, once it is whole", async () => {
  const running = await dev();
  expect(await hello()).toBe("one!");
  await writeFile(join(folder, "flows.ts"), flowSaying("two"));
  expect(await served("two!")).toBe("two!");
  // As editors do it: another file takes the place.
  await writeFile(join(folder, "mark.ts.new"), markOf("?"));
  await rename(join(folder, "mark.ts.new"), join(folder, "mark.ts"));
  expect(await served("two?")).toBe("two?");
  await writeFile(join(folder, "flows.ts"), "export const = ;");
  await running.wrote(/could not be loaded[\s\S]*Waiting for a change/);
  await writeFile(join(folder, "flows.ts"), flowSaying("new"));
  expect(await served("new?")).toBe("new?");
});

test("a flow that uses the clock is told with its line of TypeScript", async () => {
  const sinful = `${flowSaying("one")}\nexport const sinful = flow("sinful", async (ctx: unknown) => {\n  interface Unused { a: 1 }\n  return Date.now();\n});\n`;
  await writeFile(join(folder, "flows.ts"), sinful);
  const running = await dev();
  await millrace(["submit", "sinful", "--wait", "--timeout", "60s"], { cwd: folder });
  const [, line] = await running.wrote(/"place":"flows\.ts:(\d+)"/);
  expect(sinful.split("\n")[Number(line) - 1]).toContain("return Date.now()");
});

test("its server finds runs, and neither it nor the broker forgets one between two starts", async () => {
  const first = await dev();
  await millrace(["submit", "hello", "-k", "found", "--tag", "t:1", "--wait"], { cwd: folder });
  const find = async () => {
    const { stdout } = await millrace(["list", "tag:t:1", "status:completed", "--json"], {
      cwd: folder,
    });
    return stdout.includes("hello:found") ? stdout : undefined;
  };
  await until("the run is found, with its end", find);
  await first.stop();
  const second = await dev();
  const [, url] = await second.wrote(/Server (http:\/\/127\.0\.0\.1:\d+)/);
  const response = await fetch(
    `${url}/api/v1/runs?q=${encodeURIComponent("tag:t:1 status:completed")}`,
  );
  expect(await response.json()).toMatchObject({ runs: [{ id: "hello:found" }] });
  const { code } = await millrace(["result", "hello:found"], { cwd: folder });
  expect(code).toBe(0);
});

test("a worker that is killed is started anew; Ctrl-C ends it and the broker, with exit code 0", async () => {
  const running = await dev();
  const [pid = 0] = workerPids(running);
  const before = running.output.length;
  process.kill(pid, "SIGKILL");
  await running.wrote(/The worker ended \(SIGKILL\)/, before);
  await running.wrote(/"Serving"/, before);
  const pids = workerPids(running);
  running.kill("SIGINT");
  expect(await running.finished).toMatchObject({ code: 0 });
  expect(pids.filter(isAlive)).toEqual([]);
  expect(await hello()).toContain("No NATS server could be reached");
});

test("killed with -9, it leaves no worker behind", async () => {
  const running = await dev();
  const pids = workerPids(running);
  running.kill("SIGKILL");
  await running.finished;
  await until("the worker is gone too", () => (pids.some(isAlive) ? undefined : true));
  expect(pids.length).toBe(1);
});
