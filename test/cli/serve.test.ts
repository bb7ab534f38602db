import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { atEnd } from "./support/at-end.ts";
import { MILLRACE, millrace, type Running, start } from "./support/cli.ts";
import { projectFolder } from "./support/folder.ts";

const FLOWS = `
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { flow } from "millrace";
export const held = flow("held", async (ctx, ms: number | "until it may go") => {
  await ctx.step("hold", async ({ log }) => {
    log.info("holding");
    if (typeof ms === "number") await delay(ms);
    else while (!existsSync("go")) await delay(10);
  });
});
`;

let folder: string;
let url: string;

beforeAll(async () => {
  folder = await projectFolder({ "flows.ts": FLOWS });
  const server = await startNatsServer({ storeDir: join(folder, "nats") });
  atEnd(async () => server.stop());
  url = server.url;
});

async function serve(namespace: string, ...args: readonly string[]): Promise<Running> {
  const all = [MILLRACE, "serve", "flows.ts", "-s", url, "-n", namespace, ...args];
  const worker = start(all, { cwd: folder });
  await worker.wrote(/Serving/);
  return worker;
}

async function submit(
  namespace: string,
  ms: number | "until it may go",
  ...args: readonly string[]
): Promise<void> {
  const on = ["-s", url, "-n", namespace, "-k", "a", ...args];
  await millrace(["submit", "held", JSON.stringify(ms), ...on], { cwd: folder });
}

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s lets the step finish, hands nothing to a crash, and ends with exit code 0",
  async (signal) => {
    const worker = await serve(signal);
    await submit(signal, 1_500);
    await worker.wrote(/holding/);
    worker.kill(signal);
    expect(await worker.finished).toMatchObject({ code: 0, signal: null, stderr: "" });
    const args = ["show", "held:a", "--json", "-s", url, "-n", signal];
    const shown: unknown = JSON.parse((await millrace(args, { cwd: folder })).stdout);
    expect(shown).toMatchObject({
      takeOvers: 0,
      steps: [{ id: "hold#1", status: "completed", attempts: [{ attempt: 1 }] }],
    });
  },
);

test("two signals at once are one, and a later one ends it in the middle of a step", async () => {
  const worker = await serve("twice");
  await submit("twice", 60_000);
  await worker.wrote(/holding/);
  worker.kill("SIGINT");
  worker.kill("SIGINT");
  await worker.wrote(/Draining/);
  // Signals within half a second are one: whenever that is over, the next one counts.
  const again = setInterval(() => worker.kill("SIGINT"), 100);
  const finished = await worker.finished;
  clearInterval(again);
  expect(finished.code).toBe(130);
});

test("logs that go to no terminal are JSON, one entry a line", async () => {
  const worker = await serve("logs");
  const { stdout } = await worker.stop();
  const entries = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect(entries[0]).toMatchObject({
    msg: "Serving",
    queues: expect.arrayContaining(["held"]),
    leaseMs: 5_000,
  });
  expect(entries.at(-1)).toMatchObject({ msg: "Drained" });
});

test("a worker goes on when nobody reads its log any more", async () => {
  const worker = await serve("unread");
  worker.closeOutput();
  await submit("unread", 1, "--wait");
  const args = ["result", "held:a", "--timeout", "60s", "-s", url, "-n", "unread"];
  expect((await millrace(args, { cwd: folder })).code).toBe(0);
  expect((await worker.stop()).code).toBe(0);
});

test("--limit holds back what is too much for one worker, and --lease is what a new queue gets", async () => {
  const worker = await serve("limited", "--limit", "1", "--lease", "2s");
  await worker.wrote(/"leaseMs":2000/);
  await submit("limited", "until it may go");
  await worker.wrote(/holding/);
  const on = ["-s", url, "-n", "limited", "-k", "b"];
  await millrace(["submit", "held", "1", ...on], { cwd: folder });
  const show = ["show", "held:b", "--json", "-s", url, "-n", "limited"];
  const early = JSON.parse((await millrace(show, { cwd: folder })).stdout) as object;
  expect(early).toMatchObject({ status: "pending" });
  await writeFile(join(folder, "go"), "");
  const args = ["result", "held:b", "--timeout", "60s", "-s", url, "-n", "limited"];
  expect((await millrace(args, { cwd: folder })).code).toBe(0);
  await worker.stop();
});

test("a queue that exists with another lease is refused: exit code 2", async () => {
  const worker = await serve("leases");
  const args = ["serve", "flows.ts", "-s", url, "-n", "leases", "--lease", "9s", "--json"];
  const { code, stderr } = await millrace(args, { cwd: folder });
  expect(code).toBe(2);
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: "SETTINGS_MISMATCH" } });
  await worker.stop();
});

test("--queue reads that queue in place of the flows' own", async () => {
  const worker = await serve("queues", "--queue", "side");
  await submit("queues", 1, "--queue", "side", "--wait", "--timeout", "60s");
  const args = ["show", "held:a", "--json", "-s", url, "-n", "queues"];
  expect(JSON.parse((await millrace(args, { cwd: folder })).stdout)).toMatchObject({
    status: "completed",
    queue: "side",
  });
  await worker.stop();
});
