/** `millrace diff` and `millrace timeline`, as a user has them, over bundles: no broker is there. */
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { writeBundle } from "../../src/bundle/write-bundle.ts";
import { readRecordedRun } from "../../src/client/recorded-runs.ts";
import { flow } from "../../src/definition/flow.ts";
import { parseRunId } from "../../src/engine/run-id.ts";
import { RecordingStage } from "../debug/support/record.ts";
import { notWellFormed } from "../debug/support/well-formed.ts";
import { type Finished, millrace } from "./support/cli.ts";
import { projectFolder } from "./support/folder.ts";

interface Cart {
  readonly items: number;
  readonly failures: number;
}

const shop = flow("shop", async (ctx, cart: Cart) => {
  const price = await ctx.step(
    "price",
    ({ attempt }) => {
      if (attempt <= cart.failures) throw new TypeError("the till is <busy>");
      return { total: cart.items * 3, taxed: true };
    },
    { retry: { attempts: 3, delays: ["2s"] } },
  );
  await ctx.sleep("20s");
  await ctx.step("ship", () => "sent");
  return price.total;
});

/** The same for `--flow`; its steps would leave a file behind. */
const CODE = `
import { writeFileSync } from "node:fs";
import { flow } from "millrace";

export const shop = flow("shop", async (ctx) => {
  const price = await ctx.step("price", () => writeFileSync("trap", "called"));
  await ctx.sleep("20s");
  await ctx.step("ship", () => writeFileSync("trap", "called"));
  return price.total;
});
`;

let folder: string;

beforeAll(async () => {
  folder = await projectFolder({
    "before.ts": CODE,
    "after.ts": CODE.replace('ctx.step("ship"', 'ctx.step("deliver"'),
  });
  const stage = new RecordingStage();
  const crash = await stage.hire([shop]);
  const carts = { a: [2, 0], again: [2, 1], b: [3, 0] } as const;
  for (const [key, [items, failures]] of Object.entries(carts)) {
    const input = key === "again" ? { items, failures: 0 } : { items, failures };
    await stage.submit(shop, input, key);
  }
  await stage.submit(shop, { items: 2, failures: 1 }, "retried");
  await stage.pass(40_000);
  crash();
  for (const key of [...Object.keys(carts), "retried"]) {
    const run = await stage.clock.until(
      readRecordedRun(stage.client.host, parseRunId(`shop:${key}`)),
    );
    if (run === undefined) throw new Error(`shop:${key} was not recorded.`);
    await writeFile(
      join(folder, `${key}.mrun`),
      await writeBundle({ namespace: "default", ...run }),
    );
  }
});

function cli(...args: readonly string[]): Promise<Finished> {
  return millrace(args, { cwd: folder });
}

test("two runs that were given and did the same are the same: exit code 0", async () => {
  const { code, stdout } = await cli("diff", "a.mrun", "again.mrun");
  expect(stdout).toMatch(/^a {2}shop:a {2}completed {2}\d+ events in 20\.\ds/);
  expect(stdout).toContain("The same: what they were given, did and gave.");
  expect(stdout).toMatch(/^ {2}ship#1 +\S+ +\S+/m);
  expect(code).toBe(0);
});

test("two that are not the same: where they part, at which paths, and exit code 1", async () => {
  const { code, stdout } = await cli("diff", "a.mrun", "b.mrun");
  expect(stdout).toContain("They differ.");
  expect(stdout).toMatch(
    /First divergence\n {2}from the start:\n {2}a {2}#\d+ step price#1 completed/,
  );
  expect(stdout).toContain("$.input.items  2 → 3");
  expect(stdout).toContain("$.output.total  6 → 9");
  expect(code).toBe(1);
});

test("a step that had to be tried again is shown beside the other's, with its attempts", async () => {
  const { code, stdout } = await cli("diff", "a.mrun", "retried.mrun");
  expect(stdout).toMatch(/^ {2}price#1 +\d+ms +2\.0s .* 1 \/ 2$/m);
  expect(stdout).toMatch(/^ {2}failed attempts +0 +1$/m);
  // The input says that it is to fail.
  expect(stdout).toContain("$.input.failures  0 → 1");
  expect(code).toBe(1);
});

test("with --json the same is one document", async () => {
  const { stdout } = await cli("diff", "a.mrun", "b.mrun", "--json");
  expect(JSON.parse(stdout)).toMatchObject({
    isSame: false,
    a: { id: "shop:a", status: "completed", takeOvers: 0 },
    submission: { differences: [{ path: "$.input.items", kind: "changed", a: 2, b: 3 }] },
    divergence: { after: 0, a: { key: "price#1", says: { output: { total: 6 } } } },
    differences: [{ kind: "changed" }, { kind: "changed", a: { key: "end" } }],
  });
});

test("one history under two versions of its code: the first command that differs, and no step is executed", async () => {
  const { code, stdout } = await cli("diff", "a.mrun", "--flow", "before.ts", "--flow", "after.ts");
  expect(stdout).toMatch(/after 2 commands that are:\n {2}a {2}step ship#1, .* at before\.ts:8\n/);
  expect(stdout).toMatch(/ {2}b {2}step deliver#1, .* at after\.ts:8\n/);
  expect(stdout).toContain("a  fits: completed with 6");
  expect(stdout).toMatch(/b {2}would park at event #\d+: .* Step ship#1 is called deliver#1 now\./);
  expect(code).toBe(1);
  const same = await cli("diff", "a.mrun", "--flow", "before.ts", "--flow", "before.ts", "--json");
  expect(JSON.parse(same.stdout)).toMatchObject({ isSame: true, a: { verdict: "fits" } });
  expect(same.code).toBe(0);
  expect(existsSync(join(folder, "trap"))).toBe(false);
});

test("diff says how it is used", async () => {
  for (const args of [
    ["a.mrun"],
    ["a.mrun", "--flow", "before.ts"],
    ["a.mrun", "b.mrun", "--flow", "before.ts"],
  ]) {
    const { code, stderr } = await cli("diff", ...args);
    expect(stderr).toContain("Give two runs, or one run and --flow twice.");
    expect(code).toBe(2);
  }
  expect((await cli("diff", "a.mrun", "none.mrun")).code).toBe(2);
});

test("a run is drawn: its attempts, the wait between them, and its sleep", async () => {
  const { code, stdout } = await cli("timeline", "retried.mrun", "--width", "80");
  expect(stdout).toMatch(/^shop:retried {2}completed {2}22\.\ds from /);
  expect(stdout).toMatch(/^price#1 +.*✗.* 2\.0s, 2 attempts$/m);
  expect(stdout).toMatch(/^sleep#1 +[─≈]+ +20\.\ds$/m);
  expect(stdout).toMatch(/^≈ not to scale: /m);
  expect(code).toBe(0);
});

test("a run is written as a picture, and as a document", async () => {
  const { code, stdout, stderr } = await cli("timeline", "retried.mrun", "--svg", "run.svg");
  expect([code, stdout]).toEqual([0, ""]);
  expect(stderr).toContain("Wrote run.svg.");
  const svg = readFileSync(join(folder, "run.svg"), "utf8");
  expect(notWellFormed(svg)).toBeUndefined();
  expect(svg).toContain("attempt 1 failed: TypeError: the till is &#60;busy&#62;");
  const { stdout: document } = await cli("timeline", "a.mrun", "--json");
  expect(JSON.parse(document)).toMatchObject({
    id: "shop:a",
    rows: [
      { kind: "queue" },
      { kind: "workers" },
      { label: "price#1", bars: [{ kind: "completed" }] },
      { kind: "timer" },
      { label: "ship#1" },
    ],
  });
  const refused = await cli("timeline", "a.mrun", "--svg", "no/such/folder.svg");
  expect(refused.stderr).toContain("cannot be written");
  expect(refused.code).toBe(2);
});
