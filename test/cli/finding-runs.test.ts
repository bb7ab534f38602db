/** `list`, `stats`, `tree` and `show --at`, with a server that answers and without. */
import { join } from "node:path";
import { pino } from "pino";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { connect, flow, type Millrace, serve } from "../../src/index.ts";
import { systemClock } from "../../src/ports/clock.ts";
import type { RunRow } from "../../src/projections/run-row.ts";
import { startQueries } from "../../src/server/answer-queries.ts";
import { ListedRuns, rowOf } from "../server/support/listed-runs.ts";
import { atEnd } from "./support/at-end.ts";
import { type Finished, MILLRACE, millrace, start } from "./support/cli.ts";
import { projectFolder } from "./support/folder.ts";

let folder: string;
let url: string;
let client: Millrace;

beforeAll(async () => {
  folder = await projectFolder({});
  const server = await startNatsServer({ storeDir: join(folder, "nats") });
  url = server.url;
  atEnd(async () => server.stop());
  client = await connect({ servers: url });
  atEnd(async () => client.close());
});

async function run(...args: readonly string[]): Promise<Finished> {
  return millrace(args, { cwd: folder, env: { NATS_URL: url } });
}

/** A server that answers from these rows, until the test is over. */
async function answering(...rows: readonly RunRow[]): Promise<ListedRuns> {
  const runs = new ListedRuns();
  runs.add(...rows);
  const log = pino({ level: "silent" });
  const host = { millrace: client, store: runs, clock: systemClock, log, replica: "r1" };
  const part = await startQueries(host);
  onTestFinished(() => part.stop());
  return runs;
}

async function working(): Promise<void> {
  const child = flow("child", async (ctx) => ctx.step("one", () => 1));
  const parent = flow("parent", async (ctx) => {
    const submitted = await ctx.submit(child, undefined, { key: "of-a" });
    await submitted.result();
    throw new Error("no stock");
  });
  const connection = await connect({ servers: url });
  onTestFinished(() => connection.close());
  const worker = await serve([parent, child], { connection, log: pino({ level: "silent" }) });
  onTestFinished(() => worker.drain());
  const handle = await client.submit(parent, undefined, { key: "a" });
  await expect(handle.result()).rejects.toMatchObject({ code: "RUN_FAILED" });
}

test("list shows what the server finds, as many as are asked for, and says that there are more", async () => {
  await answering(
    ...Array.from({ length: 60 }, (_, at) =>
      rowOf(`f:k${at}`, { status: "failed", submittedAt: Date.now(), errorMessage: "no stock" }),
    ),
  );
  const { stdout, stderr, code } = await run("list", "status:failed", "since:1h", "-l", "2");
  expect(code).toBe(0);
  expect(stdout.split("\n")).toHaveLength(4);
  expect(stdout).toMatch(/^run +status +age/);
  expect(stdout).toContain("f:k0");
  expect(stderr).toContain("more than these 2");

  const all = await run("list", "--all", "--json");
  const documents = all.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(documents).toHaveLength(60);
  expect(documents[0]).toMatchObject({ id: "f:k0", status: "failed" });
  expect((await run("list", "status:failed", "--count")).stdout).toBe("60\n");
  expect((await run("list", "status:parked")).stderr).toContain("No run is like that.");
});

test("with --watch what changes is shown again, until the command is stopped", async () => {
  const runs = await answering(rowOf("f:first", { status: "failed", submittedAt: Date.now() }));
  const watching = start([MILLRACE, "list", "flow:f", "--watch"], {
    cwd: folder,
    env: { NATS_URL: url },
  });
  await watching.wrote(/f:first/);
  runs.add(rowOf("f:second", { status: "failed", submittedAt: Date.now() }));
  await watching.wrote(/f:second/);
  process.kill(watching.pid, "SIGINT");
  expect((await watching.finished).code).toBe(0);
});

test("a query that is not understood is shown with a caret under the place, before anything is asked", async () => {
  const { stdout, stderr, code } = await run(
    "list",
    "flow:checkout",
    "stauts:failed",
    "-s",
    "nats://127.0.0.1:1",
  );
  expect({ stdout, code }).toEqual({ stdout: "", code: 2 });
  expect(stderr).toMatch(
    /Did you mean status:failed\?\n {2}flow:checkout stauts:failed\n {16}\^~~~~~\n$/,
  );
  const json = await run("list", "stauts:failed", "--json");
  expect(JSON.parse(json.stderr)).toMatchObject({
    error: {
      code: "INVALID_QUERY",
      problem: "unknown-field",
      position: 0,
      length: 6,
      suggestion: "status:failed",
    },
  });
});

test("without a server a query of flow and status is answered from the log, and any other says what to start", async () => {
  await working();
  const listed = await run("list", "flow:parent,child", "status:closed");
  expect(listed.code).toBe(0);
  expect(listed.stdout).toMatch(/parent:a +failed/);
  expect(listed.stdout).toMatch(/child:of-a +completed/);
  expect(listed.stderr).toContain("No server answers");
  expect((await run("list", "flow:parent,child", "-status:failed", "--count")).stdout).toBe("1\n");

  for (const args of [["list", "tag:x"], ["list"], ["stats"]]) {
    const refused = await run(...args);
    expect(refused).toMatchObject({ code: 5, stdout: "" });
    expect(refused.stderr).toContain("millrace server");
  }
});

test("stats are the server's, and tree and show --at need none", async () => {
  await working();
  await answering(rowOf("f:a", { status: "failed" }), rowOf("f:b", { status: "failed" }));
  expect((await run("stats")).stdout).toMatch(/^flow +failed +all\nf +2 +2\n$/);
  expect((await run("tree", "parent:a")).stdout).toMatch(
    /^parent:a {2}failed {2}\S+\n└─ child#1 child:of-a {2}completed/,
  );
  const tree = JSON.parse((await run("tree", "parent:a", "--json")).stdout);
  expect(tree).toMatchObject({
    id: "parent:a",
    children: [{ id: "child:of-a", command: "child#1" }],
  });

  const whole = JSON.parse((await run("show", "parent:a", "--json")).stdout);
  expect(whole.status).toBe("failed");
  const at = `seq:${whole.sequence - 1}`;
  const before = JSON.parse((await run("show", "parent:a", "--at", at, "--json")).stdout);
  expect(before).not.toHaveProperty("error");
  expect(before.sequence).toBeLessThan(whole.sequence);
  expect(before.status).not.toBe("failed");
  expect((await run("tree", "parent:nobody")).code).toBe(3);
});
