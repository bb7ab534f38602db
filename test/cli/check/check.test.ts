/** `millrace check` and `millrace step` as a user has them. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { beforeAll, expect, test } from "vitest";
import { writeBundle } from "../../../src/bundle/write-bundle.ts";
import { readRecordedRun } from "../../../src/client/recorded-runs.ts";
import { startNatsServer } from "../../../src/embedded/start-nats-server.ts";
import { parseRunId } from "../../../src/engine/run-id.ts";
import { connect, flow, serve, signal } from "../../../src/index.ts";
import { atEnd } from "../support/at-end.ts";
import { type Finished, MILLRACE, millrace } from "../support/cli.ts";
import { projectFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";

const go = signal("go");
const LARGE = "x".repeat(300_000);

let folder: string;
let run: (...args: readonly string[]) => Promise<Finished>;

function code(step: string): string {
  return `import { flow, signal } from "millrace";
import { writeFileSync } from "node:fs";
const go = signal("go");
export const order = flow("order", async (ctx, input: { text: string }) => {
  if (input.text.length < 3) throw new Error("no input");
  await ctx.step("${step}", () => writeFileSync("effect", "it was executed"));
  await ctx.receive(go);
});
`;
}

beforeAll(async () => {
  folder = await projectFolder({ "same.ts": code("charge"), "other.ts": code("charge card") });
  const server = await startNatsServer({ storeDir: join(folder, "nats") });
  atEnd(async () => server.stop());
  const millraceClient = await connect({ servers: server.url });
  const order = flow("order", async (ctx, given: { text: string }) => {
    await ctx.step("charge", () => (given.text === "" ? 0 : 1));
    await ctx.receive(go);
  });
  const gone = flow("gone", async (ctx) => ctx.receive(go));
  const worker = await serve([order, gone], {
    connection: millraceClient,
    log: pino({ level: "silent" }),
    suspendAfter: 1,
  });
  for (let at = 0; at < 8; at++) {
    // One whose input is in the blob store.
    const text = at === 0 ? LARGE : `order ${at}`;
    await millraceClient.submit("order", { text }, { key: `k${at}` });
  }
  await millraceClient.submit("gone", undefined, { key: "g" });
  const ids = [...Array.from({ length: 8 }, (_, at) => `order:k${at}`), "gone:g"];
  for (const id of ids) {
    await until(`${id} is suspended`, async () => {
      const { status } = await millraceClient.attach(id).state();
      return status === "suspended" ? true : undefined;
    });
  }
  await mkdir(join(folder, "histories"));
  const bundled = await readRecordedRun(millraceClient.host, parseRunId("order:k1"));
  if (bundled === undefined) throw new Error("There is no run.");
  await writeFile(
    join(folder, "histories", "k1.mrun"),
    await writeBundle({ namespace: "default", ...bundled }),
  );
  await worker.drain();
  await millraceClient.close();
  const env = { NATS_URL: server.url };
  run = (...args) => millrace(args, { cwd: folder, env });
});

/** Walks to the step of a bundle in a terminal that `script` makes, ends that, and shows how the terminal is set then. */
async function inTerminal(
  cwd: string,
  end: string,
): Promise<{ stdout: string; code: number | null }> {
  const walk = `'${process.execPath}' '${MILLRACE}' step histories/k1.mrun --flow same.ts`;
  // The shell tells its own id and becomes the command.
  const shell = `sh -c 'echo pid $$; exec ${walk.replaceAll("'", "")}'; echo modes $(stty -a)`;
  const child = spawn("script", ["-qec", shell, "/dev/null"], { cwd, stdio: "pipe" });
  let stdout = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const saw = (text: string): Promise<boolean> =>
    until(text, () => (stdout.includes(text) ? true : undefined));
  await saw("Before its first event.");
  child.stdin.write("gcharge\r");
  await saw("StepCompleted");
  await saw("same.ts:6");
  if (end === "q") child.stdin.write(end);
  else process.kill(Number(/pid (\d+)/.exec(stdout)?.[1]), "SIGTERM");
  await saw("modes ");
  return { stdout, code: await closed };
}

test("runs that fit are said to, whose flow is not in the file are told, and nothing is executed", async () => {
  const { code: exit, stdout } = await run(
    "check",
    "--flow",
    "same.ts",
    "--json",
    "--junit",
    "out.xml",
  );
  expect(JSON.parse(stdout)).toMatchObject({
    runs: 9,
    fits: 8,
    causes: [{ kind: "no-code", flow: "gone", runs: 1, examples: ["gone:g"] }],
  });
  expect(exit).toBe(8);
  expect(await readFile(join(folder, "out.xml"), "utf8")).toContain('name="8 runs fit"');
  expect(existsSync(join(folder, "effect"))).toBe(false);
});

test("runs that would be parked for one reason are one line, with the line of code, and exit code 1", async () => {
  const { code: exit, stdout } = await run("check", "--flow", "other.ts");
  expect(stdout).toMatch(/^0 of 9 runs fit the code/);
  expect(stdout).toContain("8 runs of order would be parked\n");
  expect(stdout).toContain(
    "recorded is StepCompleted of step charge#1; the code asks for step charge card#1",
  );
  expect(stdout).toContain("other.ts:6");
  expect(exit).toBe(1);
  expect(existsSync(join(folder, "effect"))).toBe(false);
});

test("bundles in a folder are checked without a broker, and a damaged one is told", async () => {
  const bundles = ["check", "--flow", "same.ts", "--bundles"];
  expect(await run(...bundles, "histories", "-s", "nats://127.0.0.1:1")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^1 of 1 run fits the code/),
  });
  await cp(join(folder, "histories"), join(folder, "more", "deep"), { recursive: true });
  await writeFile(join(folder, "more", "bad.mrun"), "no bundle");
  const { code: exit, stdout } = await run(...bundles, "more", "--json");
  expect(exit).toBe(8);
  expect(JSON.parse(stdout)).toMatchObject({
    runs: 2,
    fits: 1,
    causes: [{ kind: "unreadable", examples: [expect.stringContaining("bad.mrun")] }],
  });
  await mkdir(join(folder, "empty"));
  expect(await run(...bundles, "empty")).toMatchObject({
    code: 0,
    stdout: "No run was found to check.\n",
  });
  expect((await run(...bundles, "empty", "--fail-if-none")).code).toBe(8);
});

test("a sample is as many runs as are asked for", async () => {
  const { stdout } = await run(
    "check",
    "--flow",
    "same.ts",
    "--sample",
    "3",
    "--seed",
    "s",
    "--json",
  );
  expect(JSON.parse(stdout)).toMatchObject({ runs: 3 });
});

test("a walk needs a terminal, and says what to use without one", async () => {
  const { code: exit, stderr } = await run("step", "order:k1");
  expect(exit).toBe(2);
  expect(stderr).toContain("millrace show <run> --at <event>");
});

test.each(["q", "SIGTERM"])(
  "a walk through a pseudo terminal shows code and state, and leaves it as it was: %s",
  async (end) => {
    const { stdout, code: exit } = await inTerminal(folder, end);
    expect(exit).toBe(0);
    expect(stdout).toContain("Before its first event.");
    expect(stdout).toContain("StepCompleted");
    expect(stdout).toContain("same.ts:6");
    const [, after = ""] = stdout.split("\u001b[?1049l");
    expect(after).toMatch(/modes [^\n]* icanon[^\n]* echo /);
  },
);

test("a run is shown as it was after an event, live and in a bundle", async () => {
  for (const source of ["order:k1", "histories/k1.mrun"]) {
    const { stdout, code: exit } = await run("show", source, "--at", "charge");
    expect(exit).toBe(0);
    expect(stdout).toMatch(
      /^After #\d+ +\d+ \S+ StepCompleted +charge#1 attempt 1 \(.*\) 1\norder:k1 {2}running/,
    );
  }
  const unknown = await run("show", "order:k1", "--at", "99");
  expect(unknown.code).toBe(3);
  expect(unknown.stderr).toContain("There is nothing at #99 in this run");
});
