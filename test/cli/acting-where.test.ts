/** `cancel`, `terminate`, `resume` and `signal` for all runs that a query finds. */
import { join } from "node:path";
import { pino } from "pino";
import { beforeAll, expect, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { connect, type Millrace } from "../../src/index.ts";
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

beforeAll(async () => {
  folder = await projectFolder({});
  const server = await startNatsServer({ storeDir: join(folder, "nats") });
  url = server.url;
  atEnd(async () => server.stop());
  client = await connect({ servers: url });
  atEnd(async () => client.close());
  const log = pino({ level: "silent" });
  const host = { millrace: client, store: rows, clock: systemClock, log, replica: "r1" };
  const queries = await startQueries(host);
  const jobs = startBulkJobs(host, { lookEveryMs: 20 });
  atEnd(async () => jobs.stop());
  atEnd(async () => queries.stop());
});

async function run(...args: readonly string[]): Promise<Finished> {
  return millrace(args, { cwd: folder, env: { NATS_URL: url } });
}

/** Runs that nobody serves, as the projection has them. */
async function waiting(flow: string, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at++) {
    const { id } = await client.submit(flow, undefined, { key: `k${at}` });
    rows.add(rowOf(id, { submittedAt: Date.now() - 1_000 }));
    ids.push(id);
  }
  return ids;
}

test("without --yes, and nobody to ask, the number of runs is told and nothing is done", async () => {
  const [first = ""] = await waiting("shown", 3);
  const refused = await run("cancel", "--where", "flow:shown");
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toContain("Cancel 3 runs?");
  expect(refused.stderr).toContain("--yes");
  const dry = await run("cancel", "--where", "flow:shown", "--dry-run");
  expect(dry).toMatchObject({
    code: 0,
    stdout: "3 runs would be meant: millrace list flow:shown\n",
  });
  expect((await client.attach(first).state()).status).toBe("pending");
});

test("with --yes the servers do it to every run, and it says to how many", async () => {
  const ids = await waiting("stopped", 3);
  const done = await run("cancel", "--where", "flow:stopped", "--yes", "--reason", "sold out");
  expect(done).toMatchObject({ code: 0, stdout: "3 runs are asked to stop.\n" });
  expect(done.stderr).toMatch(/^Bulk job \S+ goes on if you leave\.\n$/);
  for (const id of ids) {
    expect(await client.attach(id).details()).toMatchObject({ status: "cancelled" });
  }
  const again = await run("terminate", "--where", "flow:stopped", "--yes", "--json");
  expect(JSON.parse(again.stdout)).toMatchObject({ action: "terminate", matched: 3, skipped: 3 });
  const resumed = await run("resume", "--where", "flow:stopped", "-y");
  expect(resumed.stdout).toContain("3 runs left alone");
});

test("a signal goes to every run that the query finds", async () => {
  const [id = ""] = await waiting("told", 1);
  const sent = await run("signal", "--where", "flow:told", "approval", '{"by":"ann"}', "--yes");
  expect(sent).toMatchObject({ code: 0, stdout: "1 run has it in its inbox.\n" });
  const inbox = await client.broker.log.inbox(
    { id: "told:k0", flow: "told", key: "k0", token: "k0" },
    "told",
    0,
  );
  expect(id).toBe("told:k0");
  expect(inbox).toHaveLength(1);
});

test.each([
  [["cancel"], "Give a run's id, or --where"],
  [["cancel", "a:b", "--where", "flow:a"], "and not both"],
  [["cancel", "--where", "", "-y"], "every run there is"],
  [["cancel", "--where", "order:closed", "-y"], "every run there is"],
  [["cancel", "--where", "stauts:failed", "-y"], "Did you mean status:failed?"],
  [["resume", "--where", "flow:a", "--flow", "a"], "part of a query"],
  [["resume", "a:b", "--where", "flow:a"], "and not both"],
  [["signal", "a:b"], "the signal's name"],
  [["signal", "--where", "flow:a"], "the signal's name"],
  [["signal", "--where", "flow:a", "a:b", "go", "1"], "not both"],
])("%j is wrong use", async (args, message) => {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
});
