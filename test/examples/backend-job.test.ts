import { beforeAll, expect, test } from "vitest";
import type { Millrace } from "../../src/index.ts";
import type { Running } from "../cli/support/cli.ts";
import { until } from "../cli/support/until.ts";
import { openBroker, startExample, startFile } from "./support/example.ts";

let url: string;
let millrace: Millrace;
let worker: Running;

beforeAll(async () => {
  const broker = await openBroker();
  url = broker.url;
  millrace = broker.millrace;
  worker = startFile(url, "backend-job/worker.ts");
  await worker.wrote(/Worker/);
});

async function startBackend(): Promise<{ readonly backend: Running; readonly base: string }> {
  const backend = startFile(url, "backend-job/backend.ts");
  const [base = ""] = await backend.wrote(/http:\S+/);
  return { backend, base };
}

async function post(
  base: string,
  body: object | string,
  key?: string,
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const headers = key === undefined ? {} : { "idempotency-key": key };
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${base}/jobs`, { method: "POST", headers, body: text });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function get(
  address: string,
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const response = await fetch(address);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test("a backend that is killed in the middle of a job finds it again by its id, with its progress and its result", async () => {
  const first = await startBackend();
  const accepted = await post(first.base, { title: "squares", parts: 12 });
  expect(accepted.status).toBe(202);
  const href = String(accepted.body["href"]);
  await until("the job reports progress", async () => {
    const { body } = await get(first.base + href);
    return body["progress"] as { readonly done: number } | undefined;
  });
  first.backend.kill("SIGKILL");
  expect(await first.backend.finished).toMatchObject({ signal: "SIGKILL" });

  const second = await startBackend();
  const under = await get(second.base + href);
  expect(under.body["id"]).toBe(accepted.body["id"]);
  const ended = await get(`${second.base}${href}?wait=30s`);
  expect(ended).toEqual({
    status: 200,
    body: {
      id: accepted.body["id"],
      status: "completed",
      result: { title: "squares", total: 650 },
    },
  });
  const { takeOvers, steps } = await millrace.attach(String(accepted.body["id"])).details();
  expect({ takeOvers, steps: steps.length }).toEqual({ takeOvers: 0, steps: 12 });
  expect(await second.backend.stop()).toMatchObject({ code: 0, stderr: "" });
});

test("the same request again, to another backend process, is the same job", async () => {
  const [one, two] = await Promise.all([startBackend(), startBackend()]);
  const order = { title: "once", parts: 1 };
  const answers = await Promise.all([
    post(one.base, order, "request-7"),
    post(two.base, order, "request-7"),
  ]);
  expect(answers.map(({ body }) => body["id"])).toEqual(["report:request-7", "report:request-7"]);
});

test("what is no job is refused with the status that says so", async () => {
  const { base } = await startBackend();
  expect(await get(`${base}/jobs/report:nowhere`)).toMatchObject({
    status: 404,
    body: { code: "RUN_NOT_FOUND" },
  });
  expect(await get(`${base}/jobs/nonsense`)).toMatchObject({ status: 400 });
  expect(await post(base, "{")).toMatchObject({ status: 400 });
  expect(await post(base, { title: 7 })).toMatchObject({ status: 400 });
});

test("the example tells the whole story by itself, and ends", async () => {
  const { code, stdout, stderr } = await startExample(url, "backend-job").finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/The backend is killed[^]*status: 'completed'[^]*total: 385/);
});
