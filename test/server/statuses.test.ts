import { randomBytes } from "node:crypto";
import { pino } from "pino";
import { expect, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import { flow } from "../../src/definition/flow.ts";
import { signal } from "../../src/definition/signal.ts";
import { aesGcmCodec } from "../../src/payloads/aes-gcm-codec.ts";
import { type Clock, systemClock } from "../../src/ports/clock.ts";
import { serve } from "../../src/worker/serve.ts";
import { until } from "../e2e/support/until.ts";
import { type Answer, type ApiBed, openApiBed } from "./support/api-bed.ts";
import { fill, OPERATIONS, type Operation, scopeOf } from "./support/api-document.ts";

const asks = flow("asks", async (ctx) => ctx.receive(signal<unknown>("answer")));
const quick = flow("quick", () => "done");
const fails = flow("fails", () => {
  throw new Error("no");
});

interface Trouble {
  readonly bed: () => Promise<ApiBed>;
  readonly ask: (bed: ApiBed, operation: Operation) => Promise<Answer>;
}

/** What can be wrong with any request, and how it is made so. */
const EVERYWHERE: Readonly<Record<string, Trouble>> = {
  400: {
    bed: () => openApiBed(),
    ask: (bed, { method, path, requestBody, parameters }) => {
      if (requestBody !== undefined) return bed.ask(method, `/${fill(path, IDS)}`, "[]");
      const query = parameters?.some((one) => one.in === "query") ? "?surely=not" : "";
      const bad = { id: "\u0000".repeat(400), name: " " };
      return bed.ask(method, `/${fill(path, bad)}${query}`);
    },
  },
  401: { bed: () => openApiBed({ auth: "tokens" }), ask: asking },
  403: {
    bed: () => openApiBed({ auth: "tokens" }),
    ask: async (bed, operation) => {
      const token = await bed.token(scopeOf(operation) === "read" ? "submit" : "read");
      return asking(bed, operation, { authorization: `Bearer ${token}` });
    },
  },
  413: {
    bed: () => openApiBed({ limits: { bodyBytes: 10 } }),
    ask: (bed, { method, path }) =>
      bed.ask(method, `/${fill(path, IDS)}`, { reason: "far too long" }),
  },
  415: {
    bed: () => openApiBed(),
    ask: (bed, { method, path }) =>
      bed.ask(method, `/${fill(path, IDS)}`, "a;b", { "content-type": "text/csv" }),
  },
  429: {
    bed: async () => {
      const bed = await openApiBed({ auth: "tokens", limits: { requestsPerMinute: 1 } });
      await bed.get("/runs");
      return bed;
    },
    ask: asking,
  },
  503: {
    bed: async () => {
      const bed = await openApiBed({ auth: "tokens" });
      await bed.loseBroker();
      return bed;
    },
    ask: (bed, operation) =>
      asking(bed, operation, { authorization: `Bearer mr_0123456789ab_${"x".repeat(43)}` }),
  },
};

const IDS = { id: "quick:1", name: "quick" };

function asking(
  bed: ApiBed,
  { method, path }: Operation,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const body = method === "GET" || method === "DELETE" ? undefined : {};
  return bed.ask(method, `/${fill(path, IDS)}`, body, headers);
}

for (const [status, trouble] of Object.entries(EVERYWHERE)) {
  test(`${status} is answered by every operation that documents it`, async () => {
    const documented = OPERATIONS.filter((one) => one.responses[status] !== undefined).filter(
      ({ operationId }) =>
        operationId !== "getReadiness" && ELSEWHERE[operationId]?.includes(Number(status)) !== true,
    );
    expect(documented.length).toBeGreaterThan(0);
    const bed = await trouble.bed();
    const others: string[] = [];
    for (const operation of documented) {
      const { status: came } = await trouble.ask(bed, operation);
      if (came !== Number(status)) others.push(`${operation.operationId}: ${came}`);
    }
    expect(others).toEqual([]);
  });
}

test("every other status that is documented is answered", async () => {
  const bed = await openApiBed({ flows: [asks, quick, fails] });
  const known = await populate(bed);
  const missing: string[] = [];
  for (const operation of OPERATIONS) {
    const { operationId, responses } = operation;
    const elsewhere = ELSEWHERE[operationId] ?? [];
    for (const status of Object.keys(responses)) {
      if (status in EVERYWHERE || elsewhere.includes(Number(status))) continue;
      const came = await provoke(bed, operation, status, known);
      if (came.status === Number(status)) continue;
      missing.push(`${operationId} ${status}: ${came.status} ${JSON.stringify(came.body)}`);
    }
  }
  expect(missing).toEqual([]);
});

/** Ids of things that are there, by what stands before them in a path. */
type Ids = Readonly<Record<string, string>>;

function provoke(bed: ApiBed, operation: Operation, status: string, known: Ids): Promise<Answer> {
  const { operationId, method, path } = operation;
  const given = CASES[operationId]?.[status] ?? {};
  const [, kind = "runs"] = /\/([a-z-]+)\/\{/.exec(path) ?? [];
  const ids = status === "404" ? UNKNOWN : known;
  const id = given.id ?? ids[kind] ?? ids["runs"] ?? "";
  const body = given.body ?? (method === "GET" || method === "DELETE" ? undefined : {});
  const name = given.name ?? (status === "404" ? "nobody" : "quick");
  return bed.ask(method, `/${fill(path, { id, name })}${given.query ?? ""}`, body);
}

/** Makes one of everything: runs in all states, one in the archive, one that this server cannot read, a job, a letter. */
async function populate(bed: ApiBed): Promise<Ids> {
  const runs = "asks:1 asks:2 asks:3 asks:4 quick:0 quick:1 fails:1 secret:1".split(" ");
  for (const id of runs) {
    const [name, key] = id.split(":");
    await bed.post("/runs", { flow: name, key });
  }
  const codec = aesGcmCodec({ keys: { "1": randomBytes(32) }, current: "1" });
  const sealing = new Millrace(bed.broker.connect(), undefined, { codec });
  const secret = flow("secret", () => "not for this server");
  const worker = await serve([secret], { connection: sealing, log: pino({ level: "silent" }) });
  await sealing.attach("secret:1").result({ timeout: "60s" });
  await worker.drain();
  const inAnHour: Clock = { ...systemClock, now: () => Date.now() + 3_600_000 };
  const later = new Millrace(bed.broker.connect(), inAnHour);
  await later.attach("quick:0").result({ timeout: "60s" });
  expect(await later.archive.add("quick:0")).toMatchObject({ status: "archived" });
  for (const id of ["quick:1", "fails:1"]) await bed.get(`/runs/${id}/result?wait=60s`);
  bed.broker.store("mr.test.0.in.quick.quick.nobody", new TextEncoder().encode("what is this"));
  const letter = await until("the caretaker has found it", async () => {
    const { body } = await bed.get("/dead-letters");
    return (body["letters"] as { readonly id: string }[])[0]?.id;
  });
  await until("the projection has all of it", async () => {
    const { body } = await bed.get("/runs/count?q=status:completed");
    return body["count"] === 3;
  });
  await bed.post("/runs/quick:1/rerun", { key: "again" });
  await bed.post("/runs/quick:1/fork", { key: "forked" });
  const job = await bed.post("/bulk", { query: "flow:nothing", action: { type: "resume" } });
  const made = await bed.post("/tokens", { name: "ann", scopes: ["read"] });
  const { id: tokens } = made.body["token"] as { readonly id: string };
  for (const name of ["quick", "spare"]) {
    await bed.millrace.webhooks.put(name, { url: "https://shop.test/hook" });
    await bed.millrace.hooks.put(name, { kind: "token" });
    await bed.millrace.schedules.put({ name, flow: "quick", cron: "0 0 1 1 *" });
    await bed.millrace.triggers.put({ name, on: "run.failed", action: { webhook: "quick" } });
  }
  const { id: deliveries } = await bed.millrace.webhooks.test("quick");
  const jobs = job.body["id"] as string;
  return { runs: "quick:1", "dead-letters": letter, jobs, tokens, deliveries };
}

const UNKNOWN: Ids = {
  runs: "quick:nobody",
  "dead-letters": "0/999999",
  jobs: "nothing",
  tokens: "0123456789ab",
  deliveries: "millrace-webhook:nobody",
};

interface Case {
  readonly id?: string;
  readonly name?: string;
  readonly query?: string;
  readonly body?: unknown;
}

/**
 * What takes a letter that has waited for minutes, a file that is damaged, or a child that was never submitted: the tests
 * of these parts see to it.
 */
const ELSEWHERE: Readonly<Record<string, readonly number[]>> = {
  replayDeadLetter: [200],
  verifyArchivedRun: [422],
  getArchiveFile: [422],
  restoreArchivedRun: [409, 422],
  planFork: [409],
  receiveHook: [200, 202, 401, 415, 429],
};

const WINDOW = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" };

/** What it takes to be answered with this status, where it is not plain. */
const CASES: Readonly<Record<string, Readonly<Record<string, Case>>>> = {
  submitRun: {
    200: { body: { flow: "quick", key: "1" } },
    201: { body: { flow: "quick", key: "2" } },
    409: { body: { flow: "quick", key: "1", ifExists: "reject" } },
  },
  signalOrSubmit: {
    202: { body: { flow: "asks", key: "9", signal: { name: "answer" } } },
    409: { body: { flow: "quick", key: "1", signal: { name: "answer" } } },
  },
  signalRun: {
    202: { id: "asks:1", body: { name: "answer" } },
    404: { body: { name: "answer" } },
    409: { body: { name: "answer" } },
  },
  cancelRun: { 202: { id: "asks:2" } },
  terminateRun: { 202: { id: "asks:3" } },
  streamRunEvents: { 204: { query: "?after=9999999" } },
  verifyArchivedRun: { 200: { id: "quick:0" } },
  getArchiveFile: { 200: { id: "quick:0" } },
  restoreArchivedRun: { 202: { id: "quick:0" } },
  resumeRun: { 202: { id: "fails:1" } },
  rerunRun: { 200: { body: { key: "again" } }, 409: { body: { key: "1" } } },
  forkRun: { 200: { body: { key: "forked" } }, 409: { body: { key: "1" } } },
  getRunResult: { 202: { id: "asks:4" }, 422: { id: "secret:1" } },
  startBulkJob: {
    200: { body: { query: "flow:quick", action: { type: "resume" }, dryRun: true } },
    202: { body: { query: "flow:nothing", action: { type: "cancel", reason: "over" } } },
  },
  removeWebhook: { 200: { name: "spare" } },
  putTrigger: { 200: { body: { on: "run.failed", action: { webhook: "quick" } } } },
  testTrigger: { 200: { body: { event: {} } } },
  testNewTrigger: {
    200: { body: { trigger: { on: "run.failed", action: "resume" }, past: { since: "1h" } } },
  },
  removeTrigger: { 200: { name: "spare" } },
  removeHook: { 200: { name: "spare" } },
  putSchedule: { 200: { body: { flow: "quick", every: "1d" } } },
  removeSchedule: { 200: { name: "spare" } },
  backfillSchedule: { 200: { body: WINDOW }, 404: { body: WINDOW } },
  createToken: { 201: { body: { name: "bob", scopes: ["read"] } } },
};
