import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
let folder: string;

beforeAll(() => {
  // Below the project, where "millrace" is the built package as its users import it.
  mkdirSync(join(root, ".tmp"), { recursive: true });
  folder = mkdtempSync(join(root, ".tmp", "runners-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BODY = `
import { flow } from "millrace";
import { assertEvents, TestEngine } from "millrace/testing";

const nap = flow("nap", async (ctx) => {
  await ctx.sleep("30d");
  return ctx.step("wake", () => "awake");
});

test("a nap of thirty days", async () => {
  const engine = await TestEngine.start({ flows: [nap] });
  engine.crashAfter("wake");
  const run = await engine.submit(nap);
  if ((await run.result()) !== "awake") throw new Error("still asleep");
  await engine.stop();
});

test("a wrong expectation", async () => {
  const engine = await TestEngine.start({ flows: [nap] });
  try {
    const run = await engine.submit(nap);
    await run.result();
    await assertEvents(run, [{ type: "StepCompleted", step: "wake", output: "asleep" }]);
  } finally {
    await engine.stop();
  }
});
`;
const WRONG = "- StepCompleted  step: 'wake'  output: 'asleep'";

test("node:test runs tests of the kit, ends by itself, and shows what differs", async () => {
  const file = join(folderOf("node"), "kit.test.mjs");
  writeFileSync(file, `import test from "node:test";\n${BODY}`);
  const { code, output } = await run(["--test", "--test-reporter=tap", file]);
  expect(output).toContain("# pass 1\n# fail 1");
  expect(output).toContain(WRONG);
  expect(code).toBe(1);
});

test("vitest runs tests of the kit, ends by itself, and shows what differs", async () => {
  const own = folderOf("vitest");
  writeFileSync(
    join(own, "vitest.config.mjs"),
    "export default { test: { testTimeout: 60_000 } };\n",
  );
  writeFileSync(join(own, "kit.test.mjs"), `import { test } from "vitest";\n${BODY}`);
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const { code, output } = await run([vitest, "run", "--root", own, "--no-color"]);
  expect(output).toMatch(/1 failed \| 1 passed/);
  expect(output).toContain(WRONG);
  expect(code).toBe(1);
});

function folderOf(runner: string): string {
  const own = join(folder, runner);
  mkdirSync(own);
  return own;
}

async function run(args: readonly string[]): Promise<{ code: unknown; output: string }> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 150_000,
    killSignal: "SIGKILL",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += String(chunk);
    });
  }
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { code, output };
}
