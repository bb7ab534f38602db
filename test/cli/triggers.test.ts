import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { atEnd } from "./support/at-end.ts";
import { MILLRACE, millrace, start } from "./support/cli.ts";
import { projectFolder } from "./support/folder.ts";
import { until } from "./support/until.ts";

const FLOWS = `
import { flow } from "millrace";
export const review = flow("review", (_ctx, order: { id: string }) => "looked at " + order.id);
`;

const BIG = {
  name: "big",
  on: "order.created",
  when: { if: "event.data.total > 100" },
  action: { submit: "review", key: "event.data.id" },
};

let folder: string;
let url: string;

beforeAll(async () => {
  folder = await projectFolder({ "flows.ts": FLOWS, "big.json": JSON.stringify(BIG) });
  const server = await startNatsServer({ storeDir: join(folder, "nats") });
  url = server.url;
  atEnd(async () => server.stop());
  const worker = start([MILLRACE, "serve", "flows.ts", "-s", url], { cwd: folder });
  await worker.wrote(/Serving/);
});

async function run(...args: readonly string[]) {
  return millrace(args, { cwd: folder, env: { NATS_URL: url } });
}

async function triggers(...args: readonly string[]) {
  return run("triggers", ...args);
}

test("a trigger of a file is put, acts, is shown with what it did, and is removed", async () => {
  const applied = await triggers("apply", "big.json");
  expect(applied).toMatchObject({
    code: 0,
    stdout: "big  order.created  submit review  0 fired\n",
  });

  for (const [id, total] of [
    ["o-1", 99],
    ["o-2", 101],
  ]) {
    const data = JSON.stringify({ id, total });
    expect(await run("events", "emit", "order.created", data)).toMatchObject({ code: 0 });
  }
  const result = await until("the run that it leads to ends", async () => {
    const finished = await run("result", "review:o-2");
    return finished.code === 0 ? finished.stdout : undefined;
  });
  expect(JSON.parse(result)).toBe("looked at o-2");
  expect(await run("result", "review:o-1")).toMatchObject({ code: 3 });

  const shown = await until("its firing is counted", async () => {
    const { stdout } = await triggers("show", "big");
    return stdout.includes("1 fired") ? stdout : undefined;
  });
  expect(shown).toMatch(/^ {2}from api, version 1, changed /m);
  expect(shown).toContain('"expression": "event.data.total > 100"');
  const view: unknown = JSON.parse((await triggers("show", "big", "--json")).stdout);
  expect(view).toMatchObject({ name: "big", from: "api", version: 1, fired: 1, failed: 0 });

  // What happened is there still: a trigger that nobody has put yet is tried with it.
  const past = await triggers("test", "big.json", "--past", "1h");
  expect(past.stdout).toContain("2 events looked at: 1 match.");
  expect(past.stdout).toMatch(/^fires .* with 1 event: submit \{.*"o-2".*\}$/m);
  expect(past.stdout).toContain("1 firings.");

  expect((await triggers("remove", "big")).stdout).toBe("big is removed.\n");
  expect(await triggers()).toMatchObject({ code: 0, stdout: "" });
});

test("what is not there cannot be shown, removed, paused, resumed or tried: exit code 3", async () => {
  for (const act of ["show", "remove", "pause", "resume"]) {
    const refused = await triggers(act, "none");
    expect(refused).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("There is no trigger none."),
    });
  }
  expect(await triggers("test", "none", "--event", "{}")).toMatchObject({ code: 3 });
  expect(await run("schedules", "show", "none")).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("There is no schedule none."),
  });
});

test("a pause has its reason in the list, outlives another put, and ends by hand", async () => {
  file("held.json", { ...BIG, name: "held" });
  await triggers("apply", "held.json");
  const paused = await triggers("pause", "held", "--reason", "ops are on holiday");
  expect(paused.stdout).toMatch(/paused: ops are on holiday$/m);
  file("held.json", { ...BIG, name: "held", when: { if: "true" } });
  expect((await triggers("apply", "held.json")).stdout).toContain("paused: ops are on holiday");
  const [held] = JSON.parse((await triggers("list", "--json")).stdout) as { version: number }[];
  expect(held?.version).toBe(2);
  expect((await triggers("resume", "held")).stdout).not.toContain("paused");
  expect(await triggers("remove", "held")).toMatchObject({ code: 0 });
});

test("an expression that is not right is shown with a caret under the place, and nothing of the file is put", async () => {
  file("bad.json", [
    { ...BIG, name: "good" },
    { ...BIG, name: "bad", when: { if: "event.data.total > evnt.limit" } },
  ]);
  const refused = await triggers("apply", "bad.json");
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toContain("The trigger's when.expression is not right");
  const lines = refused.stderr.split("\n");
  const at = lines.findIndex((line) => line.includes("event.data.total > evnt.limit"));
  const caret = lines[at + 1]?.indexOf("^") ?? -1;
  expect(lines[at]?.slice(caret)).toMatch(/^evnt/);
  expect(await triggers("list")).toMatchObject({ stdout: "" });

  const { stderr } = await triggers("apply", "bad.json", "--json");
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: "INVALID_TRIGGER", exitCode: 2 } });
});

test("what a trigger cannot be is refused with the member that is wrong", async () => {
  file("two.json", {
    ...BIG,
    on: { run: "suspended", longerThan: "1h" },
    when: {},
    batch: { size: 2, within: "1m" },
  });
  expect(await triggers("apply", "two.json")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("leave batch out"),
  });
  file("word.json", { ...BIG, actoin: "cancel" });
  expect(await triggers("apply", "word.json")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("actoin"),
  });
});

test("a dry run with a sample tells what would be done, or why nothing, and does nothing", async () => {
  const fires = await triggers("test", "big.json", "--event", sample(700));
  expect(fires).toMatchObject({ code: 0 });
  expect(fires.stdout).toMatch(/^match .*order\.created$/m);
  expect(fires.stdout).toMatch(/^fires .* with 1 event: submit \{.*"dry".*\}$/m);
  const passes = await triggers("test", "big.json", "--event", sample(7));
  expect(passes.stdout).toContain("when.expression: The expression is false");
  expect(passes.stdout).toContain("0 firings.");
  const missing = await triggers("test", "big.json", "--event", '{"data":{}}');
  expect(missing.stdout).toMatch(/event\.data\.total > 100\n\s+\^/);
  const json: unknown = JSON.parse(
    (await triggers("test", "big.json", "--event", sample(700), "--json")).stdout,
  );
  expect(json).toMatchObject({ seen: 1, matched: 1, fired: 1, firings: [{ action: {} }] });
  expect(await run("show", "review:dry")).toMatchObject({ code: 3 });
});

test("a dry run is with an event or with past ones, not with neither or both", async () => {
  for (const flags of [[], ["--event", "{}", "--past", "1h"]]) {
    expect(await triggers("test", "big.json", ...flags)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Give either --event or --past."),
    });
  }
});

function sample(total: number): string {
  return JSON.stringify({ data: { id: "dry", total } });
}

function file(name: string, content: unknown): void {
  writeFileSync(join(folder, name), JSON.stringify(content));
}
