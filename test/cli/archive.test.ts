import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { atEnd } from "./support/at-end.ts";
import { MILLRACE, millrace, start } from "./support/cli.ts";
import { projectFolder } from "./support/folder.ts";
import { until } from "./support/until.ts";

const FLOWS = `
import { existsSync } from "node:fs";
import { flow } from "millrace";

export const order = flow("order", async (ctx, input) => {
  await ctx.step("pay", () => input.cart);
  return ctx.step("ship", () => {
    if (!existsSync("van")) throw new Error("There is no van");
    return "shipped";
  });
});
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

async function run(...args: readonly string[]) {
  return millrace(args, { cwd: folder, env: { NATS_URL: url } });
}

test("a failed run goes to the archive, is shown and checked there, comes back and completes", async () => {
  await run("submit", "order", '{"cart": 7}', "--key", "o1", "--wait");
  const policy = await run("archive", "policy", "order", "--after", "30d");
  expect(policy.stdout).toBe("order  after 30d 00h\nall others  never\n");

  expect((await run("archive", "run", "--flow", "order", "--older-than", "1h")).stdout).toContain(
    "0 archived, 0 were there, 1 skipped",
  );
  const moved = await run("archive", "run", "--flow", "order", "--older-than", "1ms");
  expect(moved).toMatchObject({ code: 0, stdout: expect.stringContaining("1 archived") });
  expect((await run("archive", "list", "--flow", "order")).stdout).toMatch(/failed .* order:o1\n$/);
  const shown = await run("show", "order:o1");
  expect(shown.stdout).toMatch(/archived .* in jetstream/);
  expect(shown.stdout).toContain("There is no van");
  expect((await run("events", "order:o1")).stdout).toContain("StepCompleted");
  expect((await run("result", "order:o1")).stderr).toContain("There is no van");
  expect((await run("archive", "verify", "order:o1")).stdout).toContain("sound");
  expect((await run("archive", "verify", "--flow", "order")).stdout).toBe("1 sound, 0 not\n");

  // What its history is good for does not depend on where it is kept.
  const replayed = await run("replay", "order:o1", "--flow", "flows.ts", "--json");
  expect(JSON.parse(replayed.stdout)).toMatchObject({ verdict: "fits" });
  expect((await run("timeline", "order:o1")).stdout).toContain("ship");
  expect((await run("show", "order:o1", "--at", "pay")).stdout).toContain("pay");
  await run("submit", "order", '{"cart": 8}', "--key", "o2", "--wait");
  expect((await run("diff", "order:o1", "order:o2")).stdout).toContain("cart");

  await run("archive", "get", "order:o1", "-o", "o1.mrun");
  const lines = gunzipSync(readFileSync(join(folder, "o1.mrun")))
    .toString()
    .split("\n");
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ run: "order:o1", status: "failed" });

  const refused = await run("resume", "order:o1");
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("millrace archive restore order:o1");
  expect((await run("archive", "restore", "order:o1")).code).toBe(0);
  writeFileSync(join(folder, "van"), "");
  await run("resume", "order:o1");
  await until("it has completed", async () => {
    const { stdout } = await run("show", "order:o1", "--json");
    return JSON.parse(stdout).status === "completed" ? true : undefined;
  });
  expect((await run("result", "order:o1")).stdout).toContain("shipped");
}, 120_000);
