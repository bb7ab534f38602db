import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { namespaceExists } from "../../src/inspect.ts";
import { atEnd } from "./support/at-end.ts";
import { type Finished, MILLRACE, millrace, type Running, start } from "./support/cli.ts";
import { FLOWS } from "./support/flows.ts";
import { projectFolder } from "./support/folder.ts";
import { until } from "./support/until.ts";

let folder: string;
let url: string;
let worker: Running;

beforeAll(async () => {
  folder = await projectFolder({ "flows.ts": FLOWS });
  const server = await startNatsServer({ storeDir: join(folder, "nats") });
  url = server.url;
  atEnd(async () => server.stop());
  worker = start([MILLRACE, "serve", "flows.ts", "-s", url], { cwd: folder });
  await worker.wrote(/Serving/);
});

/** Runs a command on the test's broker. */
async function run(...args: readonly string[]): Promise<Finished> {
  return millrace(args, { cwd: folder, env: { NATS_URL: url } });
}

function lines(text: string): Record<string, unknown>[] {
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
}

/** The same with `--json`: the documents on stdout, or the error on stderr. */
async function runJson(...args: readonly string[]): Promise<{
  readonly code: number | null;
  readonly documents: readonly Record<string, unknown>[];
  readonly error: Record<string, unknown> | undefined;
}> {
  const { code, stdout, stderr } = await run(...args, "--json");
  const [failure] = lines(stderr);
  return { code, documents: lines(stdout), error: failure?.["error"] as Record<string, unknown> };
}

describe("submit and result", () => {
  test("submit --wait prints the output and nothing else on stdout", async () => {
    const done = await run("submit", "shop", '{"item":"tea"}', "-k", "a", "--wait");
    expect(done).toMatchObject({ code: 0, stderr: "Waiting for shop:a\n" });
    expect(JSON.parse(done.stdout)).toEqual({ item: "tea", price: 3 });
  });

  test("result prints the output of a run that ended long ago", async () => {
    await run("submit", "shop", '{"item":"tea"}', "-k", "old", "--wait");
    const again = await run("result", "shop:old");
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(again.stdout)).toEqual({ item: "tea", price: 3 });
  });

  test("submit without --wait prints the id alone", async () => {
    expect(await run("submit", "shop", '{"item":"tea"}', "-k", "ünï/x y")).toMatchObject({
      code: 0,
      stdout: "shop:ünï/x y\n",
      stderr: "",
    });
    expect((await runJson("submit", "shop", '{"item":"tea"}', "-k", "j")).documents).toEqual([
      { id: "shop:j" },
    ]);
  });

  test("the input comes from standard input or a file too", async () => {
    const options = { cwd: folder, env: { NATS_URL: url }, stdin: '{"item":"kettle"}' };
    const piped = await millrace(["submit", "shop", "-", "--wait"], options);
    expect(JSON.parse(piped.stdout)).toMatchObject({ price: 6 });
    await writeFile(join(folder, "order.json"), '{"item":"cup"}');
    const read = await run("submit", "shop", "@order.json", "--wait");
    expect(JSON.parse(read.stdout)).toMatchObject({ item: "cup" });
  });

  test("values that JSON lacks have a form in JSON, and only one document is printed", async () => {
    const { code, documents } = await runJson("submit", "rich", "-k", "r", "--wait");
    const output = { when: "1970-01-01T00:00:00.000Z", big: "12", set: [1] };
    expect({ code, documents }).toEqual({
      code: 0,
      documents: [{ id: "rich:r", status: "completed", output }],
    });
  });

  test("a run that failed ends both with exit code 1, and tells what was thrown", async () => {
    const submitted = await runJson("submit", "refused", "-k", "f", "--wait");
    const asked = await runJson("result", "refused:f");
    for (const { code, documents, error } of [submitted, asked]) {
      expect({ code, documents }).toEqual({ code: 1, documents: [] });
      expect(error).toMatchObject({
        code: "RUN_FAILED",
        runId: "refused:f",
        exitCode: 1,
        cause: { name: "FatalError", code: "NO_STOCK", details: { sku: 7 } },
      });
    }
    expect((await run("result", "refused:f")).stderr).toContain("caused by: FatalError [NO_STOCK]");
  });

  test("a flow file has the worker's own classes: a FatalError is not retried", async () => {
    await run("submit", "refused", "-k", "once", "--wait");
    const [shown] = (await runJson("show", "refused:once")).documents;
    expect(shown).toMatchObject({ steps: [{ id: "ask#1", attempts: [{ attempt: 1 }] }] });
  });

  test("a wait that is over ends with exit code 4, and the run goes on", async () => {
    const submitted = await runJson("submit", "slow", "-k", "s", "--wait", "--timeout", "200ms");
    expect(submitted).toMatchObject({ code: 4, error: { code: "RESULT_TIMEOUT" } });
    expect(await runJson("result", "slow:s", "--timeout", "50")).toMatchObject({
      code: 4,
      error: { code: "RESULT_TIMEOUT", runId: "slow:s" },
    });
    const shown = async () => (await runJson("show", "slow:s")).documents;
    await expect.poll(shown).toMatchObject([{ status: "running", timers: [{ id: "sleep#1" }] }]);
  });

  test("a key that is taken is attached to, or refused with exit code 7", async () => {
    const submit = ["submit", "shop", '{"item":"tea"}', "-k", "taken"];
    expect((await run(...submit)).code).toBe(0);
    expect((await run(...submit, "--wait")).code).toBe(0);
    expect(await runJson(...submit, "--if-exists", "reject")).toMatchObject({
      code: 7,
      error: { code: "RUN_EXISTS" },
    });
  });

  test("tags and metadata are kept and shown", async () => {
    const options = ["-t", "job:1", "-t", "a b", "-m", "who=me", "-m", "eq=a=b"];
    await run("submit", "shop", '{"item":"tea"}', "-k", "tagged", ...options, "--wait");
    const [shown] = (await runJson("show", "shop:tagged")).documents;
    expect(shown).toMatchObject({ tags: ["job:1", "a b"], metadata: { who: "me", eq: "a=b" } });
  });
});

describe("show, watch and events", () => {
  test("show tells steps, attempts and errors, without a control character of theirs", async () => {
    await run("submit", "shop", '{"item":"tea"}', "-k", "show", "--wait");
    const { code, stdout } = await run("show", "shop:show");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^shop:show {2}completed\n/);
    expect(stdout).toMatch(/price#1 +completed +2/);
    expect(stdout).toContain("price#1 attempt 1");
    expect(stdout).toContain(String.raw`TypeError: the till is\u001b[31m busy`);
    expect(stdout).not.toContain("\u001b");
  });

  test("show --json is one document with the decoded history", async () => {
    await run("submit", "refused", "-k", "doc", "--wait");
    const { code, documents } = await runJson("show", "refused:doc");
    expect(code).toBe(0);
    expect(documents).toEqual([
      expect.objectContaining({
        id: "refused:doc",
        status: "failed",
        queue: "refused",
        steps: [expect.objectContaining({ id: "ask#1", status: "failed" })],
        timers: [],
        foreign: [],
        error: expect.objectContaining({ code: "NO_STOCK", message: "nothing left\u001b[2J" }),
        frames: expect.any(Number),
      }),
    ]);
  });

  test("show of a failed run tells the error with where it was thrown, and what to do next", async () => {
    await run("submit", "refused", "-k", "told", "--wait");
    const { code, stdout } = await run("show", "refused:told");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /FatalError \[NO_STOCK\]: nothing left\\u001b\[2J\n +at .*flows\.ts:\d+/,
    );
    expect(stdout).toContain("millrace resume refused:told");
  });

  test("watch prints states until the run has ended, and ends as it did", async () => {
    await run("submit", "shop", '{"item":"tea"}', "-k", "w", "--wait");
    const good = await runJson("watch", "shop:w");
    expect(good.code).toBe(0);
    expect(good.documents.at(-1)).toMatchObject({ status: "completed", closed: true });
    await run("submit", "refused", "-k", "w", "--wait");
    const bad = await run("watch", "refused:w");
    expect(bad.code).toBe(1);
    expect(bad.stdout).toMatch(/failed\n$/);
  });

  test("events are the history, one a line, and --from goes on behind a sequence", async () => {
    await run("submit", "shop", '{"item":"tea"}', "-k", "e", "--wait");
    const { documents } = await runJson("events", "shop:e");
    expect(documents.map(({ type }) => type)).toEqual([
      "Activated",
      "StepAttemptFailed",
      "StepCompleted",
      "Completed",
    ]);
    expect(documents.at(-1)).toMatchObject({ output: { item: "tea", price: 3 } });
    const first = String(documents[0]?.["sequence"]);
    const rest = await runJson("events", "shop:e", "--from", first);
    expect(rest.documents).toEqual(documents.filter(({ sequence }) => String(sequence) !== first));
    const text = await run("events", "shop:e");
    expect(text.stdout.split("\n").length - 1).toBe(documents.length);
  });

  test("events --follow ends when the run has ended", async () => {
    await run("submit", "many", "20", "-k", "follow");
    const { code, documents } = await runJson("events", "many:follow", "--follow");
    expect(code).toBe(0);
    expect(documents.at(-1)).toMatchObject({ type: "Completed" });
    expect(documents.filter(({ type }) => type === "StepCompleted").length).toBe(20);
  });

  test("a reader that goes away, as head does, ends the command quietly", async () => {
    await run("submit", "many", "2000", "-k", "pipe", "--wait");
    const events = start([MILLRACE, "events", "many:pipe", "--follow", "-s", url], { cwd: folder });
    await events.wrote(/Activated/);
    events.closeOutput();
    expect(await events.finished).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("what is not there", () => {
  test.each(["result", "show", "watch", "events", "resume"])(
    "%s of an unknown run ends with exit code 3",
    async (command) => {
      expect(await runJson(command, "shop:nobody")).toMatchObject({
        code: 3,
        documents: [],
        error: { code: "RUN_NOT_FOUND", runId: "shop:nobody", exitCode: 3 },
      });
    },
  );

  test("events --follow of an unknown run does not wait for it", async () => {
    expect((await run("events", "shop:nobody", "--follow")).code).toBe(3);
  });

  test("looking for a run makes no namespace", async () => {
    const looked = await runJson("show", "shop:a", "-n", "typo");
    expect(looked).toMatchObject({ code: 3, error: { code: "NAMESPACE_NOT_FOUND" } });
    expect(await namespaceExists({ servers: url, namespace: "typo" })).toBe(false);
    expect((await run("dead", "-n", "typo")).code).toBe(3);
  });
});

describe("names that cannot be", () => {
  test.each([
    ["an id without a colon", ["show", "shop"]],
    ["an empty id", ["show", ""]],
    ["an id without a flow", ["show", ":a"]],
    ["an id without a key", ["show", "shop:"]],
    ["a wildcard in the flow", ["show", "sh*p:a"]],
    ["a dot in the flow", ["submit", "sh..op", "1"]],
    ["a line break in the key", ["submit", "shop", "1", "-k", "a\r\nb"]],
    ["a key of 10 KB", ["submit", "shop", "1", "-k", "k".repeat(10_240)]],
    ["a wildcard as queue", ["submit", "shop", "1", "-q", ">"]],
  ])("%s is wrong use: exit code 2", async (_, args) => {
    expect(await runJson(...args)).toMatchObject({
      code: 2,
      documents: [],
      error: { code: "INVALID_NAME", exitCode: 2 },
    });
  });

  test("a tag with a control character is refused, and an input of any size is taken", async () => {
    const tag = await runJson("submit", "shop", "1", "-t", "a\u0007");
    expect(tag).toMatchObject({ code: 2, error: { code: "INVALID_OPTION" } });
    await writeFile(join(folder, "large.json"), JSON.stringify("x".repeat(2_000_000)));
    const large = await runJson("submit", "shop", "@large.json");
    expect(large).toMatchObject({ code: 0 });
  });
});

describe("resume", () => {
  test("a run that completed cannot be resumed: exit code 7", async () => {
    await run("submit", "shop", '{"item":"tea"}', "-k", "done", "--wait");
    expect(await runJson("resume", "shop:done")).toMatchObject({
      code: 7,
      error: { code: "RUN_NOT_RESUMABLE" },
    });
  });

  test("all failed runs of a flow are listed first, and resumed with one command", async () => {
    for (const key of ["m1", "m2"]) await run("submit", "refused", "-k", key, "--wait");
    const some = ["resume", "--failed", "--parked", "--flow", "refused"];
    const listed = await run(...some, "--dry-run");
    expect(listed.stdout.split("\n")).toEqual(
      expect.arrayContaining(["failed   refused:m1", "failed   refused:m2"]),
    );
    const count = listed.stdout.split("\n").length - 1;
    expect(listed).toMatchObject({ code: 0, stderr: `${count} runs would be resumed.\n` });
    const dry = await runJson(...some, "--dry-run");
    expect(dry.documents).toContainEqual({ id: "refused:m1", status: "failed" });
    expect((await runJson(...some)).documents).toEqual([
      { flow: "refused", status: ["parked", "failed"], resumed: count },
    ]);
    // It had ended before: `--follow` may end before a worker has seen that it is resumed.
    await until("m1 is resumed", async () => {
      const { stdout } = await run("events", "refused:m1");
      return stdout.includes("Resumed") ? true : undefined;
    });
    expect((await run("resume", "--crashed", "--flow", "refused")).stdout).toMatch(/^0 runs /);
  });

  test.each([
    ["nothing", []],
    ["a flow without a state", ["--flow", "shop"]],
    ["a state without a flow", ["--parked"]],
    ["an id and a state", ["shop:a", "--parked"]],
    ["an id and a flow", ["shop:a", "--flow", "shop"]],
    ["a dry run of one", ["shop:a", "--dry-run"]],
  ])("%s to resume is wrong use: exit code 2", async (_, args) => {
    const refused = await runJson("resume", ...args);
    expect(refused).toMatchObject({ code: 2, documents: [], error: { code: "USAGE" } });
  });

  test("a run that meets other code is parked, shown with what to do, and resumed with the right code", async () => {
    const serveAs = async (step: string): Promise<Running> => {
      const args = [MILLRACE, "serve", "flows.ts", "-s", url, "-n", "versions"];
      const served = start(args, { cwd: folder, env: { STEP: step } });
      await served.wrote(/Serving/);
      return served;
    };
    const onVersions = ["-n", "versions"];
    const first = await serveAs("first");
    await run("submit", "versioned", "-k", "v", ...onVersions);
    const follow = start([MILLRACE, "events", "versioned:v", "-f", "-s", url, ...onVersions], {
      cwd: folder,
    });
    await follow.wrote(/StepCompleted/);
    await first.stop();
    const other = await serveAs("second");
    await follow.wrote(/Parked/);
    const shown = await run("show", "versioned:v", ...onVersions);
    expect(shown.stdout).toMatch(/Parked: the flow's code does not fit its history/);
    expect(shown.stdout).toMatch(/expected +.*first/);
    expect(shown.stdout).toMatch(/asked for +.*second/);
    expect(shown.stdout).toContain("millrace resume versioned:v");
    await other.stop();
    const right = await serveAs("first");
    expect((await runJson("resume", "versioned:v", ...onVersions)).documents).toEqual([
      { id: "versioned:v", resumed: true },
    ]);
    await run("signal", "versioned:v", "go on", "true", ...onVersions);
    const result = await run("result", "versioned:v", ...onVersions, "--timeout", "60s");
    expect(result).toMatchObject({ code: 0, stdout: '"first"\n' });
    expect(await follow.finished).toMatchObject({ code: 0 });
    await right.stop();
  });
});
