import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { flow } from "../../../src/index.ts";
import { expectReplays, loadBundle, TestEngine } from "../../../src/testing/index.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-kit-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a run saved as a bundle replays with the same code, and with changed code it is said what changed", async () => {
  const path = join(folder, "order.mrun");
  const before = flow("order", async (ctx, id: string) => {
    const paid = await ctx.step("charge", () => `paid ${id}`);
    await ctx.sleep("1d");
    return ctx.step("ship", () => `${paid}, shipped ${"x".repeat(300_000)}`);
  });
  await using engine = await TestEngine.start({ flows: [before] });
  const run = await engine.submit(before, "o1");
  await run.result();
  await run.toBundle(path);

  const bundle = await loadBundle(path);
  await expect(expectReplays(before, bundle)).resolves.toBeUndefined();
  const renamed = flow("order", async (ctx, id: string) => {
    await ctx.step("pay", () => `paid ${id}`);
    await ctx.sleep("1d");
    return ctx.step("ship", () => "shipped");
  });
  const parted = expectReplays(renamed, bundle);
  await expect(parted).rejects.toMatchObject({ code: "ERR_ASSERTION" });
  await expect(parted).rejects.toThrow(/order:test-1 does not replay .*charge#1.*pay#1/s);
  const shorter = flow("order", async (ctx, id: string) => {
    await ctx.step("charge", () => `paid ${id}`);
    await ctx.sleep("1d");
    await ctx.step("ship", () => "shipped");
    return "something else";
  });
  await expect(expectReplays(shorter, bundle)).rejects.toThrow(/now ends with .*something else/);
});
