import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { connect } from "../../src/index.ts";
import { startServer } from "../../src/server/start-server.ts";
import { JITI } from "../support/jiti.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Most of a program's time is waiting. */
const MILLRACE = join(root, "dist", "cli", "main.js");
const SIDE_BY_SIDE = 3;
vi.setConfig({ maxConcurrency: SIDE_BY_SIDE });

let folder: string;
/** Programs that run side by side are on brokers of their own: they have flows and keys of the same names. */
const brokers: NatsServer[] = [];
const free: NatsServer[] = [];

beforeAll(async () => {
  // Below the project, where "millrace" is this package as its users import it.
  mkdirSync(join(root, ".tmp"), { recursive: true });
  folder = mkdtempSync(join(root, ".tmp", "docs-"));
  for (let at = 0; at < SIDE_BY_SIDE; at++) {
    brokers.push(await startNatsServer({ storeDir: join(folder, `nats-${at}`) }));
  }
  free.push(...brokers);
});

afterAll(async () => {
  await Promise.all(brokers.map((broker) => broker.stop()));
  rmSync(folder, { recursive: true, force: true });
});

test.concurrent("the program in the README runs, and says what it promises", async () => {
  const output = await run("readme", firstProgram("README.md"));
  expect(output).toContain("paid 999 (checkout:order-42/charge#1)");
  expect(output.match(/label for 42/g)).toHaveLength(2);
});

test.concurrent("the tests in docs/testing.md pass, and its flow survives every crash", async () => {
  const output = await run("testing", firstProgram("docs/testing.md"));
  expect(output).toMatch(/survived [1-9]\d crashes/);
  expect(output).toMatch(/pass 3$/m);
});

test.concurrent("the test in docs/testing.md that moves the clock itself runs", async () => {
  const output = await run("testing-by-hand", programOf("docs/testing.md", 1));
  expect(output).toContain("a mail to ann");
});

test.concurrent("the program in docs/submitting.md submits many, and tells of each that was refused", async () => {
  const output = await run("submitting", programOf("docs/submitting.md", 1));
  expect(output).toContain("990 accepted, 10 refused");
  expect(output).toContain("990 done");
});

test.concurrent("the sum in docs/scaling.md is what the page says", async () => {
  const output = await run("scaling", firstProgram("docs/scaling.md"));
  expect(readFileSync(join(root, "docs/scaling.md"), "utf8")).toContain(`\`${output.trim()}\``);
});

test.concurrent("the program in docs/submitting.md calls its run and steps as the input says", async () => {
  const output = await run("names", programOf("docs/submitting.md", 0));
  expect(output).toContain("album:a.png+b.png\nresize a.png#1, resize b.png#1");
});

test.concurrent("the program in docs/triggers-running.md serves its trigger, and ends", async () => {
  await onBroker(async ({ url }) => {
    await runOn(url, "triggers-running", firstProgram("docs/triggers-running.md"));
    await using millrace = await connect({ servers: url });
    expect((await millrace.triggers.get("alarm")).from).toBe("code");
  });
});

test.concurrent("the program in docs/fork.md forks a run, sets an outcome, and runs it again", async () => {
  const output = await run("fork", firstProgram("docs/fork.md"));
  expect(output).toContain("invoice:42-b 250\n[ 'net#1' ] [ 'tax#1' ]");
  expect(output).not.toContain("net of invoice:42-b");
  expect(output).toMatch(/\n10\n/);
});

test.concurrent("the flow in docs/changing-code.md fails at the line that is named", async () => {
  const output = await run("invoice", firstProgram("docs/changing-code.md"));
  expect(output).toMatch(/Math\.random\(\) in flow code at \S*invoice\.ts:4: a replay of invoice:/);
});

test.concurrent("docs/replay.md: a run is replayed by a program and by the command, with its lines", async () => {
  await onBroker(async ({ url }) => {
    writeFileSync(join(folder, "orders.ts"), firstProgram("docs/replay.md"));
    const output = await runOn(url, "replay", programOf("docs/replay.md", 1));
    expect(output).toContain("fits completed\nstep charge#1 StepCompleted 6\n");
    const command = [MILLRACE, "replay", "order:42", "--flow", "orders.ts"];
    const env = { ...process.env, NATS_URL: url };
    const { output: shown } = await outputOf(command, { cwd: folder, env });
    expect(shown).toMatch(/step charge#1 +#\d+ +StepCompleted .*\{"paid":99\} +\S*orders\.ts:6\n/);
    expect(shown).toMatch(/Fits: the flow asks for what is recorded, all \d+ events\./);
  });
});

test.concurrent("the program in docs/time-travel.md sees its run as it was", async () => {
  const output = await run("time-travel", firstProgram("docs/time-travel.md"));
  expect(output).toMatch(/^running 99 reserved$/m);
  expect(output).toMatch(/^\d+ Suspended suspended signal approval$/m);
  expect(output).toMatch(/^\d+ Completed completed $/m);
});

test.concurrent("the program in docs/explain.md is told why its run does not move, each time it asks", async () => {
  const output = await run("explain", firstProgram("docs/explain.md"));
  expect(output).toMatch(/^nobody-serves-queue$/m);
  expect(output).toMatch(/^It waits for signal approval until .*\.\nSend it: /m);
  expect(output).toContain("millrace signal order:why-42 approval");
  expect(output).toMatch(/^true true\nann completed$/m);
});

test.concurrent("the program in docs/payloads.md runs, and stores its large value encrypted", async () => {
  const output = await run("payloads", firstProgram("docs/payloads.md"));
  expect(output).toContain("{ bytes: 6000000, head: '1,2,3' }");
  expect(output).toMatch(/<blob of 7000039 bytes in jetstream: .*, encoded by aes-gcm>/);
});

test.concurrent("docs/waiting.md: a run is put aside until its start, suspended while it sleeps, and goes on", async () => {
  const output = await run("waiting", firstProgram("docs/waiting.md"));
  expect(output).toMatch(
    /^scheduled[^]*^suspended sleep#1 until [^]*^completed[^]*ann, your trial has ended/m,
  );
});

test.concurrent("docs/signals.md: a signal before the start, one to a run by its id, and one that is sent twice", async () => {
  const output = await run("signals", firstProgram("docs/signals.md"));
  expect(output).toContain("[ 'ann', 'bob', 'cid' ]");
  expect(output).toContain("{ supporters: [ 'ann', 'bob', 'cid' ] }");
});

test.concurrent("docs/events.md: what a flow and a program tell, and why a run failed, is read by type", async () => {
  const output = await run("events", firstProgram("docs/events.md"));
  expect(output).toContain('order.taken order-7 {"id":7}');
  expect(output).toContain('stock.low shelf-4 {"left":2}');
  expect(output).toMatch(/millrace\.run\.failed take-order:many .*"message":"no such order"/);
});

test.concurrent("docs/child-runs.md: each child has an end of its own, and the parent learns of each", async () => {
  const output = await run("child-runs", firstProgram("docs/child-runs.md"));
  expect(output).toContain("sea-small.jpg, failed: notes.txt is no picture, hill-small.jpg");
  expect(output.match(/^resize:\S+ completed$/gm)).toHaveLength(2);
  expect(output.match(/^resize:\S+ failed$/gm)).toHaveLength(1);
});

test.concurrent("docs/cancellation.md: the step is aborted, the clean-up runs, and the run ends as cancelled", async () => {
  const output = await run("cancellation", firstProgram("docs/cancellation.md"));
  expect(output).toMatch(
    /told to stop: over budget[^]*machine 7 is back[^]*RUN_CANCELLED .*over budget/,
  );
});

test.concurrent("docs/sagas.md: what was done is undone, the last first, and the error goes on", async () => {
  const output = await run("sagas", firstProgram("docs/sagas.md"));
  expect(output).toMatch(
    /room 12 in Oslo given back[^]*sorry[^]*ticket to Oslo cancelled[^]*FatalError: no car in Oslo/,
  );
  expect(output).toContain("hotel.compensate#1 completed");
});

test.concurrent("docs/changing-code.md: a patch is taken by a run that had not passed it, and by no other", async () => {
  const output = await run("patch", programOf("docs/changing-code.md", 1));
  const steps = output.split("\n").filter((line) => line.includes("create account#1"));
  expect(steps).toEqual([
    "create account#1, send letter#1",
    "check address#1, create account#1, send letter#1",
  ]);
});

test.concurrent("the program in docs/flow-control.md runs", async () => {
  const output = await run("flow-control", firstProgram("docs/flow-control.md"));
  expect(output).toContain("paused: true, 0 of 10 slots in use");
  expect(output).toContain("sent to ann");
});

test.concurrent("docs/schedules.md: the next due times are told, and a window is filled", async () => {
  const output = await run("schedules", firstProgram("docs/schedules.md"));
  expect(output).toMatch(/^\d{4}-\d\d-\d\dT0[01]:15:00\.000Z$/m);
  expect(output).toContain(
    "report:nightly-20260504T001500Z 1 day, due 2026-05-04T00:15:00.000Z\nreport:nightly-20260505T001500Z",
  );
});

test.concurrent("the program in docs/caching.md runs, and looks up once", async () => {
  const output = await run("caching", firstProgram("docs/caching.md"));
  expect(output).toContain("with 1 look-up");
});

test.concurrent("docs/search.md: runs are found by what their flow says of them, and by their error", async () => {
  await onBroker(async ({ url }) => {
    const connection = await connect({ servers: url });
    const database = join(folder, "search.db");
    const running = await startServer({ connection, database, port: 0, auth: "open" });
    try {
      const output = await runOn(url, "search", firstProgram("docs/search.md"));
      expect(output).toContain(
        "ann completed true\ncid completed false\nbob card of bob declined\n",
      );
    } finally {
      await running.stop();
      await connection.close();
    }
  });
});

test.concurrent("docs/bundles.md: a run is taken to another namespace without its card, and is not run again", async () => {
  const output = await run("bundles", firstProgram("docs/bundles.md"));
  expect(output).toContain("checkout:order-42 true");
  expect(output).toContain("places: [ 'input.card' ]");
  expect(output).toContain("elsewhere: [ 'steps.charge#1.output' ]");
  expect(output).toMatch(/status: 'completed',[^]*isNew: true[^]*^42$/m);
});

test.concurrent("docs/archive.md: a run is read from its file, checked, and put back", async () => {
  const output = await run("archive", firstProgram("docs/archive.md"));
  expect(output).toMatch(/^42\ncharge#1\n[^]*messages: \d/m);
});

test.concurrent("the program in docs/verify.md finds nothing wrong with any run of its broker", async () => {
  const output = await run("verify", firstProgram("docs/verify.md"));
  expect(output).toContain("completed []");
  expect(output).not.toMatch(/frame|input/);
});

test.concurrent("the program in docs/live-events.md sees a run fail live, and finds it", async () => {
  const output = await run("live-events", firstProgram("docs/live-events.md"));
  expect(output).toMatch(/event: change\nid: \S+\ndata: .*"status":"failed"/);
  expect(output).toContain("pay:card-: no card\n{ count: 0 }");
});

test.concurrent("docs/api.md: a run is submitted and waited for over HTTP, and a query's mistake is pointed at", async () => {
  const output = await run("api", firstProgram("docs/api.md"));
  expect(output).toContain(
    "hello:1/a 201 completed { text: 'Hello ann', at: 1970-01-01T00:00:00.000Z }",
  );
  expect(output).toContain("INVALID_QUERY 0 status:failed");
});

test.concurrent("the program in docs/ingress.md starts runs with a plain client, and corrects a message", async () => {
  const output = await run("ingress", firstProgram("docs/ingress.md"));
  // What the worker logs may stand between.
  expect(output).toMatch(
    /^a book is on its way$[^]*^a lamp is on its way$[^]*^its body is not JSON: [^]*^a pen is on its way$/m,
  );
});

test.concurrent("docs/webhooks.md: a delivery is verified, fails once, arrives with the same id, and is logged", async () => {
  const output = await run("webhooks", firstProgram("docs/webhooks.md"));
  expect(output.match(/^order-42-paid \{"order":42\}$/gm)).toHaveLength(2);
  expect(output).toContain("{ id: 'order-42-paid', attempts: 2, status: 204 }");
  expect(output).toContain("failed 503\ndelivered 204\n");
});

test.concurrent("docs/triggers.md: a trigger is tried without a worker, and then acts", async () => {
  const output = await run("triggers", firstProgram("docs/triggers.md"));
  expect(output).toContain("99 The expression is false");
  expect(output).toContain('101 {"kind":"submit","flow":"review"');
  expect(output).toContain("order o-7 over 700 is looked at");
});

test.concurrent("docs/comparing-runs.md: two runs are compared, drawn, and one written as a picture", async () => {
  const output = await onBroker(async ({ url }) => {
    await runOn(url, "comparing-runs", firstProgram("docs/comparing-runs.md"));
    const text = readFileSync(join(root, "docs/comparing-runs.md"), "utf8");
    const [, commands = ""] = /```sh\n(.*?)```/s.exec(text) ?? [];
    const outputs: string[] = [];
    for (const command of commands.trim().split("\n")) {
      const [, ...args] = command.split(" ");
      const { output: told } = await outputOf([join(root, "dist/cli/main.js"), ...args], {
        cwd: folder,
        env: { ...process.env, NATS_URL: url },
      });
      outputs.push(told);
    }
    return outputs.join("\n");
  });
  expect(output).toContain("$.input.items  2 → 3");
  expect(output).toContain("$.output.total  6 → 9");
  expect(output).toMatch(/^price#1 .*✗.* 2 attempts$/m);
  expect(output).toContain("Wrote friday.svg.");
});

function firstProgram(file: string): string {
  return programOf(file, 0);
}

function programOf(file: string, at: number): string {
  const programs = [...readFileSync(join(root, file), "utf8").matchAll(/```ts\n(.*?)```/gs)];
  const program = programs[at]?.[1];
  if (program === undefined) throw new Error(`${file} has no program ${at + 1}`);
  return program;
}

/** Runs a program on a broker that no other one uses meanwhile. */
async function run(name: string, program: string): Promise<string> {
  return onBroker(({ url }) => runOn(url, name, program));
}

async function onBroker<T>(act: (broker: NatsServer) => Promise<T>): Promise<T> {
  const broker = free.pop();
  if (broker === undefined) throw new Error("More programs run than there are brokers");
  try {
    return await act(broker);
  } finally {
    free.push(broker);
  }
}

async function runOn(url: string, name: string, program: string): Promise<string> {
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, program.replaceAll("nats://127.0.0.1:4222", url));
  const { code, output } = await outputOf([JITI, file], {
    cwd: folder,
    env: { ...process.env, TMPDIR: folder },
  });
  expect({ code, output }).toMatchObject({ code: 0 });
  return output;
}

/** Runs a script of Node's to its end. */
async function outputOf(
  args: readonly string[],
  place: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<{ readonly code: unknown; readonly output: string }> {
  const child = spawn(process.execPath, args, {
    ...place,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 150_000,
    killSignal: "SIGKILL",
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    output += String(chunk);
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { code, output };
}
