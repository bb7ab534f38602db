import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { atEnd } from "./support/at-end.ts";
import { MILLRACE, millrace, start } from "./support/cli.ts";
import { projectFolder } from "./support/folder.ts";

const FLOWS = `
import { flow } from "millrace";

export const order = flow("order", async (ctx, input) => {
  const paid = await ctx.step("pay", () => ({ card: input.card, sum: input.cart * 2 }));
  return paid.sum;
});

export const scan = flow("scan", async (ctx) => {
  const page = await ctx.step("read", () => "x".repeat(300_000));
  return page.length;
});
`;

const CARD = "4111-1111-1234";
let folder: string;
let url: string;

beforeAll(async () => {
  folder = await projectFolder({ "flows.ts": FLOWS });
  const server = await startNatsServer({ storeDir: join(folder, "nats") });
  url = server.url;
  atEnd(async () => server.stop());
  const worker = start([MILLRACE, "serve", "flows.ts", "-s", url], { cwd: folder });
  await worker.wrote(/Serving/);
  const input = JSON.stringify({ card: CARD, cart: 21 });
  await run("submit", "order", input, "--key", "o1", "--wait");
});

async function run(...args: readonly string[]) {
  return millrace(args, { cwd: folder, env: { NATS_URL: url } });
}

/** Where nobody listens. */
async function offline(...args: readonly string[]) {
  return millrace(args, { cwd: folder, env: { NATS_URL: "nats://127.0.0.1:1" } });
}

test("a run is exported, and shown, listed and read from the file without a broker", async () => {
  const exported = await run("export", "order:o1", "-o", "o1.mrun");
  expect(exported).toMatchObject({ code: 0, stdout: "" });
  expect(exported.stderr).toContain("o1.mrun: order:o1");
  for (const args of [["show"], ["events"], ["result"], ["show", "--json"], ["events", "--json"]]) {
    const [name = "", ...options] = args;
    const live = await run(name, "order:o1", ...options);
    expect(await offline(name, "o1.mrun", ...options)).toEqual(live);
    expect(live.code).toBe(0);
  }
  const again = await run("export", "order:o1", "-o", "o1.mrun");
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("--force") });
  const before = readFileSync(join(folder, "o1.mrun"));
  expect((await run("export", "order:o1", "-o", "o1.mrun", "--force")).code).toBe(0);
  expect(readFileSync(join(folder, "o1.mrun"))).toEqual(before);
});

test("large values that are left out are counted, and with --blobs none is", async () => {
  await run("submit", "scan", "--key", "s1", "--wait");
  const { stderr } = await run("export", "scan:s1", "-o", "small.mrun");
  expect(stderr).toContain("Large values left in their store: 1. With --blobs");
  const { stdout } = await run("export", "scan:s1", "-o", "whole.mrun", "--blobs", "--json");
  expect(JSON.parse(stdout)).toMatchObject({ blobs: 1, blobsLeftOut: 0 });
});

test("what is redacted is reported, and not in the file; a path of nothing is told", async () => {
  const paths = "input.card,steps.pay.output.none";
  const { code, stderr } = await run("export", "order:o1", "-o", "cut.mrun", "--redact", paths);
  expect(code).toBe(0);
  expect(stderr).toContain("redacted input.card: input.card, and in steps.pay#1.output");
  expect(stderr).toContain("redacted steps.pay.output.none: nothing has this path");
  expect(gunzipSync(readFileSync(join(folder, "cut.mrun"))).toString()).not.toContain(CARD);
  const refused = await run("export", "order:o1", "-o", "no.mrun", "--redact", "card");
  expect(refused).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("begins with none of"),
  });
  expect(existsSync(join(folder, "no.mrun"))).toBe(false);
});

test("a bundle is imported elsewhere, where its id is free; what is none is refused, the rest is imported", async () => {
  await run("export", "order:o1", "-o", "in.mrun", "--force");
  writeFileSync(join(folder, "bad.mrun"), "no bundle");
  const some = await run("import", "bad.mrun", "in.mrun", "-n", "elsewhere");
  expect(some).toMatchObject({ code: 2, stdout: "in.mrun: order:o1 is imported: completed\n" });
  expect(some.stderr).toContain("bad.mrun cannot be read as a run's bundle");
  const shown = await run("show", "order:o1", "-n", "elsewhere", "--json");
  expect(JSON.parse(shown.stdout)).toMatchObject({ status: "completed", output: 42 });
  const taken = await run("import", "in.mrun");
  expect(taken).toMatchObject({ code: 7, stderr: expect.stringContaining("exists already") });
  const missing = await offline("show", "missing.mrun");
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining("missing.mrun") });
});
