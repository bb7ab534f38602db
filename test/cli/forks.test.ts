/** `millrace fork` and `millrace rerun`. */
import { join } from "node:path";
import { pino } from "pino";
import { beforeAll, expect, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { connect, flow, type Millrace, serve } from "../../src/index.ts";
import { systemClock } from "../../src/ports/clock.ts";
import { startQueries } from "../../src/server/answer-queries.ts";
import { startBulkJobs } from "../../src/server/bulk-jobs.ts";
import { ListedRuns, rowOf } from "../server/support/listed-runs.ts";
import { atEnd } from "./support/at-end.ts";
import { type Finished, millrace } from "./support/cli.ts";
import { projectFolder } from "./support/folder.ts";

let folder: string;
let url: string;
let client: Millrace;
const rows = new ListedRuns();
const done: string[] = [];

const bill = flow("bill", async (ctx, input: { readonly amount: number }) => {
  const did = (step: string): number => done.push(`${ctx.runId} ${step}`);
  const net = await ctx.step("net", () => {
    did("net");
    return input.amount;
  });
  const tax = await ctx.step("tax", () => {
    did("tax");
    return net / 5;
  });
  return { net, tax };
});

beforeAll(async () => {
  folder = await projectFolder({});
  const server = await startNatsServer({ storeDir: join(folder, "nats") });
  url = server.url;
  atEnd(async () => server.stop());
  client = await connect({ servers: url });
  atEnd(async () => client.close());
  const log = pino({ level: "silent" });
  const worker = await serve([bill], { connection: client, log });
  atEnd(async () => worker.drain());
  const host = { millrace: client, store: rows, clock: systemClock, log, replica: "r1" };
  const queries = await startQueries(host);
  const jobs = startBulkJobs(host, { lookEveryMs: 20 });
  atEnd(async () => jobs.stop());
  atEnd(async () => queries.stop());
});

async function run(...args: readonly string[]): Promise<Finished> {
  return millrace(args, { cwd: folder, env: { NATS_URL: url } });
}

async function billed(key: string): Promise<string> {
  const handle = await client.submit(bill, { amount: 10 }, { key });
  await handle.result();
  rows.add(rowOf(handle.id, { submittedAt: Date.now() - 1_000 }));
  return handle.id;
}

test("a fork is shown first, then made, and says where it is from", async () => {
  const id = await billed("a1");
  const asked = ["fork", id, "--from", "tax", "--set", "net=20", "--key", "a2"];
  const dry = await run(...asked, "--dry-run");
  expect(dry).toMatchObject({ code: 0 });
  expect(dry.stdout).toMatch(/^bill:a2 copies \d of \d events of bill:a1\./);
  const made = await run(...asked, "--wait", "--json");
  expect(JSON.parse(made.stdout)).toMatchObject({ id: "bill:a2", output: { net: 20, tax: 4 } });
  expect(done.filter((line) => line.startsWith("bill:a2"))).toEqual(["bill:a2 tax"]);
  const shown = await run("show", "bill:a2");
  expect(shown.stdout).toMatch(/origin +bill:a1, forked after its event \d/);
  const refused = await run("fork", id, "--from", "pay");
  expect(refused).toMatchObject({ code: 3, stdout: "" });
});

test("a run is run again with another input", async () => {
  const id = await billed("b1");
  const again = await run("rerun", id, "--input", '{"amount": 50}', "--wait", "--json");
  expect(JSON.parse(again.stdout)).toMatchObject({ output: { net: 50, tax: 10 } });
});

test("all that a query finds are run again, or forked, by the servers", async () => {
  const ids = [await billed("c1"), await billed("c2")];
  const found = rows.rows.length;
  const dry = await run("rerun", "--where", "flow:bill", "--dry-run");
  expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining(`${found} runs would`) });
  const forked = await run("fork", "--where", "flow:bill", "--from", "tax", "--yes", "--json");
  expect(JSON.parse(forked.stdout)).toMatchObject({ action: "fork", done: found, failed: 0 });
  const again = await run("rerun", "--where", "flow:bill", "--yes");
  expect(again).toMatchObject({ code: 0, stdout: `${found} runs are run again.\n` });
  expect(ids).toHaveLength(2);
  const both = await run("fork", "--where", "flow:bill", "--yes");
  expect(both).toMatchObject({ code: 2, stdout: "" });
});
