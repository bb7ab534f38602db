/** `millrace replay`, as a user has it: beside a terminal, and under a debugger. */
import { readFileSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "@nats-io/transport-node";
import { pino } from "pino";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { writeBundle } from "../../src/bundle/write-bundle.ts";
import { loadFile } from "../../src/cli/load-file.ts";
import { isDefinition } from "../../src/definition/definition.ts";
import { signal } from "../../src/definition/signal.ts";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { connect, serve } from "../../src/index.ts";
import { connectInspector, type Params } from "../debug/support/inspector-client.ts";
import { RecordingStage } from "../debug/support/record.ts";
import { atEnd } from "./support/at-end.ts";
import { MILLRACE, millrace, start } from "./support/cli.ts";
import { projectFolder } from "./support/folder.ts";

/** With types and a comment of several lines, so that what runs is not what is written. */
const FLOWS = `
import { writeFileSync } from "node:fs";
import { flow, signal } from "millrace";

export const approve = signal<string>("approve");

/** Written only where the test looks for it: it must never be. */
function trap<T>(name: string, value: T): T {
  if (process.env["TRAP"] !== undefined) writeFileSync(\`\${process.env["TRAP"]}/\${name}\`, "called");
  return value;
}

export const part = flow("part", async (ctx, name: string): Promise<string> => {
  await ctx.sleep("2s");
  return ctx.step("make", () => trap("make", name));
});

interface Order {
  readonly item: string;
  readonly count: number;
}

enum Size {
  Small = "small",
}

export const trip = flow("trip", async (ctx, order: Order) => {
  const child = await ctx.submit(part, "wheel");
  const won: string = await Promise.race([
    ctx.sleep("3h").then(() => "late"),
    ctx.step<string>("fast", () => trap("fast", "in time")),
  ]);
  await ctx.sleep("20s");
  const said = await ctx.receive(approve);
  const made = await child.result();
  const label = \`\${order.count} \${order.item} \${Size.Small} \${won} \${said satisfies string}\`;
  return { label, made };
});
`;

let folder: string;

beforeAll(async () => {
  folder = await projectFolder({
    "flows.ts": FLOWS,
    "renamed.ts": FLOWS.replace('ctx.step<string>("fast"', 'ctx.step<string>("faster"'),
    "other-end.ts": FLOWS.replace('Small = "small"', 'Small = "tiny"'),
  });
  const stage = new RecordingStage();
  const { exported } = await loadFile(join(folder, "flows.ts"));
  const definitions = Object.values(exported).filter(isDefinition);
  const trip = definitions.find(({ name }) => name === "trip");
  if (trip === undefined) throw new Error("The file has no trip.");
  let crash = await stage.hire(definitions);
  const run = await stage.submit(trip, { item: "bike", count: 2 }, "1");
  for (const _ of ["a", "b", "c"]) {
    await stage.pass(4_000);
    crash();
    crash = await stage.hire(definitions);
  }
  await stage.pass(4_000);
  await stage.clock.until(run.signal(signal<string>("approve"), "yes"));
  await stage.pass(20_000);
  crash();
  const recorded = await stage.read(run.id);
  const reasons = recorded.frames.flatMap(({ events }) =>
    events.flatMap((event) => (event.type === "Activated" ? [event.reason] : [])),
  );
  if (reasons.join() !== "submitted,takeover,takeover,takeover") {
    throw new Error(`It was not taken over three times: ${reasons.join()}`);
  }
  await writeFile(
    join(folder, "trip.mrun"),
    await writeBundle({ namespace: "default", ...recorded }),
  );
});

const replay = (...args: readonly string[]) =>
  millrace(["replay", "trip.mrun", ...args], { cwd: folder, env: { TRAP: join(folder, "nats") } });

const nothingWasCalled = async (): Promise<void> => {
  expect(await readdir(join(folder, "nats"))).toEqual([]);
};

test("a run that was taken over three times stops at a breakpoint in TypeScript, and nothing is executed", async () => {
  const url = pathToFileURL(join(folder, "flows.ts")).href;
  const running = start(
    [MILLRACE, "replay", "trip.mrun", "--flow", "flows.ts", "--inspect=127.0.0.1:0"],
    { cwd: folder, env: { TRAP: join(folder, "nats") } },
  );
  const [address] = await running.wrote(/ws:\S+/);
  const inspector = await connectInspector(address);
  await inspector.ask("Runtime.enable");
  await inspector.ask("Debugger.enable");
  const lines = [lineOf("await ctx.submit(part"), lineOf("const label =")] as const;
  for (const lineNumber of lines) {
    await inspector.ask("Debugger.setBreakpointByUrl", { url, lineNumber });
  }
  await inspector.ask("Runtime.runIfWaitingForDebugger");

  // Right before the flow's function: its arguments are there, and nothing of it has run.
  const called = await inspector.paused();
  expect(called.url).toMatch(/millrace-replay/);
  const { result } = await inspector.ask("Debugger.evaluateOnCallFrame", {
    callFrameId: called.frame,
    expression: "typeof flow + args[1].item",
  });
  expect((result as Params)["value"]).toBe("functionbike");
  await inspector.ask("Debugger.resume");

  expect(await inspector.paused()).toMatchObject({ url, line: lines[0], hasSourceMap: true });
  await inspector.ask("Debugger.resume");
  const stopped = await inspector.paused();
  expect(stopped).toMatchObject({ url, line: lines[1] });
  const seen = await inspector.ask("Debugger.evaluateOnCallFrame", {
    callFrameId: stopped.frame,
    expression: "JSON.stringify({ order, won, said, made })",
  });
  expect(JSON.parse(String((seen["result"] as Params)["value"]))).toEqual({
    order: { item: "bike", count: 2 },
    won: "in time",
    said: "yes",
    made: "wheel",
  });
  await inspector.ask("Debugger.resume");
  await running.wrote(/Fits/);
  inspector.close();
  expect(await running.finished).toMatchObject({ code: 0 });
  await nothingWasCalled();
});

test("each command is printed beside the event that answered it, with its line", async () => {
  const { code, stdout } = await replay("--flow", "flows.ts");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    new RegExp(`step fast#1 +#\\d+ +StepCompleted .*"in time" +${placeOf("ctx.step<string>")}`),
  );
  expect(stdout).toMatch(new RegExp(`timer sleep#1 +open .* ${placeOf('ctx.sleep("3h")')}`));
  expect(stdout).toMatch(
    new RegExp(`receive approve#1 +#\\d+ +InputFolded +"yes" +${placeOf("ctx.receive")}`),
  );
  expect(stdout).toMatch(/\nOpen\n {2}timer sleep#1, asked for at flows\.ts:\d+\n/);
  expect(stdout).toMatch(/\nFits: the flow asks for what is recorded, all \d+ events\.\n$/);
  await nothingWasCalled();
});

test("a renamed step is named with both sides and its line, and the exit code says that the run would be parked", async () => {
  const { code, stdout } = await replay("--flow", "renamed.ts");
  expect(code).toBe(1);
  expect(stdout).toMatch(/Parks at #\d+ \(sequence \d+\)/);
  expect(stdout).toMatch(/recorded +StepCompleted of step fast#1/);
  expect(stdout).toMatch(/asked for +.*step faster#1/);
  expect(stdout).toMatch(/line +renamed\.ts:\d+ {2}ctx\.step<string>\("faster", /);
  expect(stdout).toMatch(/probably +Step fast#1 is called faster#1 now\./);
  const json = await replay("--flow", "renamed.ts", "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({
    verdict: "parks",
    parks: { hint: { change: "renamed", recorded: "fast#1", asked: "faster#1" } },
  });
});

test("an end that is not the recorded one differs", async () => {
  const { code, stdout } = await replay("--flow", "other-end.ts");
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /Differs: .*\n +recorded +completed with .*small.*\n +replayed +completed with .*tiny/,
  );
});

test("a replay stops where it is told to, and says what is open there", async () => {
  const { code, stdout } = await replay("--flow", "flows.ts", "--until", "fast");
  expect(code).toBe(0);
  expect(stdout).toMatch(/timer sleep#2 +open/);
  expect(stdout).toMatch(/Fits: .* events 1 to \d+ of \d+\./);
  const wrong = await replay("--flow", "flows.ts", "--until", "999");
  expect(wrong).toMatchObject({ code: 3 });
  expect(await replay("--flow", "flows.ts", "--until", "1", "--at", "2")).toMatchObject({
    code: 2,
  });
});

test("a run in a live namespace is replayed without a message to the broker", async () => {
  const server = await startNatsServer({ storeDir: join(folder, "broker") });
  atEnd(async () => server.stop());
  const { exported } = await loadFile(join(folder, "flows.ts"));
  const definitions = Object.values(exported).filter(isDefinition);
  const client = await connect({ servers: server.url });
  onTestFinished(() => client.close());
  const log = pino({ level: "silent" });
  const worker = await serve(definitions, { connection: client, automation: false, log });
  const run = await client.submit("part", "wheel", { key: "live" });
  expect(await run.result()).toBe("wheel");
  await worker.drain();
  const before = await storedIn(server.url);
  const replayed = await millrace(["replay", "part:live", "--flow", "flows.ts"], {
    cwd: folder,
    env: { TRAP: join(folder, "nats"), NATS_URL: server.url },
  });
  expect(replayed).toMatchObject({ code: 0 });
  expect(replayed.stdout).toMatch(/step make#1 +#\d+ +StepCompleted[^]*Fits: /);
  expect(await storedIn(server.url)).toEqual(before);
  await nothingWasCalled();
});

/** How a line of the file of flows is shown, as a pattern. */
function placeOf(text: string): string {
  return `flows\\.ts:${lineOf(text) + 1}`;
}

/** How far each stream of the broker is. */
async function storedIn(servers: string): Promise<Readonly<Record<string, number>>> {
  const nats = await connectNats({ servers });
  try {
    const streams = await (await jetstreamManager(nats)).streams.list().next();
    return Object.fromEntries(streams.map(({ config, state }) => [config.name, state.last_seq]));
  } finally {
    await nats.close();
  }
}

/** The line of the file of flows that says so, from 0. */
function lineOf(text: string): number {
  const lines = readFileSync(join(folder, "flows.ts"), "utf8").split("\n");
  return lines.findIndex((one) => one.includes(text));
}

test("code that ends the process is told as an error, and never passes for code that fits", async () => {
  await writeFile(
    join(folder, "exits.ts"),
    'import { flow } from "millrace";\nexport const trip = flow("trip", async () => process.exit(0));\n',
  );
  for (const args of [
    ["replay", "trip.mrun", "--flow", "exits.ts"],
    ["diff", "trip.mrun", "--flow", "exits.ts", "--flow", "flows.ts"],
  ]) {
    const ended = await millrace(args, { cwd: folder });
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toContain("exits.ts");
    expect(ended.stderr).toContain("ended the process");
  }
});
