import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { atEnd } from "./support/at-end.ts";
import { MILLRACE, millrace, start } from "./support/cli.ts";
import { projectFolder } from "./support/folder.ts";
import { until } from "./support/until.ts";

const FLOWS = `
import { flow, signal } from "millrace";

export const asks = flow("asks", async (ctx) => {
  const answer = await ctx.receive(signal("answer"));
  return { answer };
});

export const rents = flow("rents", async (ctx) => {
  await ctx.step("take", () => "machine 7");
  try {
    await ctx.sleep("1h");
  } finally {
    await ctx.step("return", () => "machine 7");
  }
});

export const quick = flow("quick", () => "done");
`;

let folder: string;
let url: string;

beforeAll(async () => {
  folder = await projectFolder({ "flows.ts": FLOWS });
  const server = await startNatsServer({ storeDir: join(folder, "nats") });
  url = server.url;
  atEnd(async () => server.stop());
  const worker = start([MILLRACE, "serve", "flows.ts", "-s", url], { cwd: folder });
  await worker.wrote(/Serving/);
});

interface Told {
  readonly code: number | null;
  /** On stdout, or the error on stderr. */
  readonly told: Record<string, unknown>;
}

async function run(...args: readonly string[]): Promise<Told> {
  const options = { cwd: folder, env: { NATS_URL: url } };
  const { code, stdout, stderr } = await millrace([...args, "--json"], options);
  return { code, told: JSON.parse(stdout === "" ? stderr : stdout) as Record<string, unknown> };
}

/** What `show` tells of a run, once it has completed this step. */
async function afterStep(id: string, step: string): Promise<Record<string, unknown>> {
  return until(`${id} has completed ${step}`, async () => {
    const { told } = await run("show", id);
    const steps = told["steps"] as readonly Record<string, unknown>[];
    return steps.some((made) => made["id"] === step) ? told : undefined;
  });
}

test("a signal by hand reaches the flow that waits for it", async () => {
  await run("submit", "asks", "-k", "a");
  const sent = await run("signal", "asks:a", "answer", '{"yes":true}');
  expect(sent).toEqual({ code: 0, told: { id: "asks:a", signal: "answer", sent: true } });
  const { told } = await run("result", "asks:a");
  expect(told["output"]).toEqual({ answer: { yes: true } });
});

test("a cancelled run cleans up, and says why it has ended", async () => {
  await run("submit", "rents", "-k", "c");
  await afterStep("rents:c", "take#1");
  const asked = await run("cancel", "rents:c", "--reason", "too expensive");
  expect(asked).toEqual({ code: 0, told: { id: "rents:c", cancelRequested: true } });
  const ended = await run("result", "rents:c");
  expect(ended).toMatchObject({ code: 1, told: { error: { code: "RUN_CANCELLED" } } });
  expect(JSON.stringify(ended.told)).toContain("too expensive");
  await afterStep("rents:c", "return#1");
});

test("a terminated run has ended at once, without a clean-up", async () => {
  await run("submit", "rents", "-k", "t");
  await afterStep("rents:t", "take#1");
  const ended = await run("terminate", "rents:t", "--reason", "stuck");
  expect(ended).toEqual({ code: 0, told: { id: "rents:t", terminated: true } });
  const { told } = await run("show", "rents:t");
  expect(told["status"]).toBe("cancelled");
  expect(told["steps"]).toMatchObject([{ id: "take#1" }]);
});

test("a run that starts later is scheduled, and ends when it is cancelled", async () => {
  await run("submit", "quick", "-k", "later", "--delay", "1h");
  await until("it is scheduled", async () => {
    const { told } = await run("show", "quick:later");
    return told["status"] === "scheduled" ? told : undefined;
  });
  await run("cancel", "quick:later");
  expect(await run("result", "quick:later")).toMatchObject({ code: 1 });
});

test("a run is cancelled by its deadline, and starts at the time that it was given", async () => {
  const past = ["--at", "2020-01-01T00:00:00Z"];
  const wait = ["--wait", "--timeout", "60s"];
  expect(await run("submit", "quick", ...past, ...wait)).toMatchObject({ code: 0 });
  const late = await run("submit", "rents", "-k", "late", "--deadline", "1s", ...wait);
  expect(late).toMatchObject({ code: 1, told: { error: { code: "RUN_CANCELLED" } } });
  expect(JSON.stringify(late.told)).toContain("its deadline");
});

test.each([
  ["signal", ["answer"]],
  ["cancel", []],
  ["terminate", []],
])(
  "%s of a run that has ended: exit code 7; of one that is not there: 3",
  async (command, more) => {
    await run("submit", "quick", "-k", "over", "--wait");
    const closed = await run(command, "quick:over", ...more);
    expect(closed).toMatchObject({ code: 7, told: { error: { code: "RUN_CLOSED" } } });
    const missing = await run(command, "quick:nobody", ...more);
    expect(missing).toMatchObject({ code: 3, told: { error: { code: "RUN_NOT_FOUND" } } });
  },
);
