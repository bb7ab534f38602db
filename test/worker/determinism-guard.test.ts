/** What flow code may not use past its context, and who may: the guard names the first, and leaves the second alone. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import {
  type AnyDefinition,
  type FlowContext,
  flow,
  Millrace,
  type ServeOptions,
  type ServingWorker,
  serve,
  task,
} from "../../src/index.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { defaultGuardMode } from "../../src/worker/determinism-guard.ts";

const BEFORE = { Date, setTimeout, fetch, now: Date.now, random: Math.random, uuid: randomUUID };

function isAsItWas(): boolean {
  const functions = {
    Date,
    setTimeout,
    fetch,
    now: Date.now,
    random: Math.random,
    uuid: randomUUID,
  };
  return (
    Object.entries(BEFORE).every(([name, value]) => Reflect.get(functions, name) === value) &&
    !Object.hasOwn(performance, "now") &&
    !Object.hasOwn(crypto, "randomUUID") &&
    Date.prototype.constructor === Date
  );
}

const opened: Pick<Guarded, "worker" | "millrace">[] = [];

afterEach(async () => {
  for (const { worker, millrace } of opened.splice(0)) {
    await worker.drain();
    await millrace.close();
  }
  if (!isAsItWas()) throw new Error("The process is not as it was before any worker guarded");
});

interface Warning {
  readonly msg: string;
  readonly run?: string;
  readonly place?: string;
  readonly call?: string;
}

interface Guarded {
  readonly millrace: Millrace;
  readonly worker: ServingWorker;
  readonly warnings: Warning[];
}

async function guarded(
  definitions: readonly AnyDefinition[],
  options: Partial<ServeOptions> = {},
): Promise<Guarded> {
  const broker = new MemoryBroker().connect();
  const millrace = new Millrace(broker);
  const warnings: Warning[] = [];
  const write = (line: string): void => {
    const entry = JSON.parse(line) as Warning;
    if (entry.call !== undefined) warnings.push(entry);
  };
  const log = pino({ level: "warn" }, { write });
  const settings = { connection: millrace, log, determinismGuard: "warn", ...options } as const;
  const worker = await serve(definitions, settings);
  opened.push({ worker, millrace });
  return { millrace, worker, warnings };
}

/** `<this file>:<the line that says so>` */
function placeOf(marker: string): string {
  const lines = readFileSync(import.meta.filename, "utf8").split("\n");
  const at = lines.findIndex((line) => line.endsWith(`// ${marker}`));
  return `${relative(process.cwd(), import.meta.filename)}:${at + 1}`;
}

const sins: Readonly<Record<string, (ctx: FlowContext) => unknown>> = {
  "Date.now()": () => Date.now(),
  "new Date()": () => new Date(),
  "Date()": () => Date(),
  "performance.now()": () => performance.now(),
  "Math.random()": () => Math.random(),
  "crypto.randomUUID()": () => crypto.randomUUID(),
  "crypto.getRandomValues()": () => crypto.getRandomValues(new Uint8Array(1)),
  "setTimeout()": () => clearTimeout(setTimeout(() => undefined, 1)),
  "setInterval()": () => clearInterval(setInterval(() => undefined, 1)),
  "setImmediate()": () => clearImmediate(setImmediate(() => undefined)),
  "timers.setTimeout()": () => delay(1),
  "fetch()": () => fetch("data:,").then(({ status }) => status),
};

test.each(Object.entries(sins))("%s in a flow is named", async (call, sin) => {
  const sinful = flow("sinful", async (ctx) => void (await sin(ctx)));
  const { millrace, warnings } = await guarded([sinful]);
  await (await millrace.submit(sinful)).result();
  expect(warnings.map((one) => one.call)).toEqual([call]);
});

test("randomUUID of node:crypto is named too, however it was imported", async () => {
  const sinful = flow("sinful", () => randomUUID());
  const { millrace, warnings } = await guarded([sinful]);
  await (await millrace.submit(sinful)).result();
  expect(warnings.map((one) => one.call)).toEqual(["crypto.randomUUID()"]);
});

test("a warning names run, file and line, and what to use instead, also after a step", async () => {
  const late = flow("late", async (ctx) => {
    await ctx.step("first", () => 1);
    return new Date().getTime(); // the marked line
  });
  const { millrace, warnings } = await guarded([late]);
  await (await millrace.submit(late, undefined, { key: "a" })).result();
  const place = placeOf("the marked line");
  expect(warnings).toMatchObject([{ run: "late:a", place, call: "new Date()" }]);
  expect(warnings[0]?.msg).toContain(`new Date() in flow code at ${place}`);
  expect(warnings[0]?.msg).toContain("Use new Date(ctx.now()).");
});

test("each place is named once, however many runs come by", async () => {
  const sinful = flow("sinful", () => [Math.random(), Math.random()]);
  const twice = flow("twice", () => {
    const one = Math.random();
    return one + Math.random();
  });
  const { millrace, warnings } = await guarded([sinful, twice]);
  const names = Array.from({ length: 10 }, (_, at) => (at % 2 === 0 ? "sinful" : "twice"));
  const runs = names.map((name) => millrace.submit(name));
  await millrace.results(await Promise.all(runs)).toArray();
  expect(warnings.length).toBe(3);
});

test("a function that the language calls for the flow is the flow's", async () => {
  const sinful = flow("sinful", () => [1].map(Math.random));
  const { millrace, warnings } = await guarded([sinful]);
  await (await millrace.submit(sinful)).result();
  expect(warnings.map((one) => one.call)).toEqual(["Math.random()"]);
});

test("flows inside flows are guarded, and each fan-out", async () => {
  const inner = flow("inner", () => Math.random());
  const outer = flow("outer", async (ctx) => {
    await ctx.run(inner);
    await ctx.all([1], async () => Date.now());
  });
  const { millrace, warnings } = await guarded([outer, inner]);
  await (await millrace.submit(outer)).result();
  expect(warnings.map((one) => one.call)).toEqual(["Math.random()", "Date.now()"]);
});

const useAll = async (): Promise<number> => {
  await delay(1);
  await new Promise((resolve) => setTimeout(resolve, 1));
  return Date.now() + Math.random() + randomUUID().length + new Date().getTime();
};

test("steps, tasks, retry policies and schemas are free to use all of it", async () => {
  const clocked = z.custom<number>(() => Date.now() > 0 && Math.random() >= 0);
  let tries = 0;
  const free = task(
    "free",
    { input: clocked, output: clocked, retry: { attempts: 3, when: () => Date.now() > 0 } },
    async (_input: number) => {
      if (tries++ === 0) throw new Error(`at ${Date.now()}`);
      return useAll();
    },
  );
  const pure = flow("pure", { input: clocked, output: clocked }, async (ctx) => {
    const inline = await ctx.step("inline", useAll);
    const both = await ctx.all([1, 2], () => ctx.run(free, 1), { concurrency: 1 });
    ctx.log.warn({ inline }, "steps are done");
    await ctx.sleep("1ms");
    return ctx.now() + ctx.random() + both.length + new Date(ctx.now()).getTime();
  });
  const { millrace, warnings } = await guarded([pure, free]);
  await (await millrace.submit(pure, 1)).result();
  await (await millrace.submit(free, 1)).result();
  expect(tries).toBe(4);
  expect(warnings).toEqual([]);
});

test("what runs beside a flow is free, also while the flow waits", async () => {
  const sleeper = flow("sleeper", async (ctx) => ctx.sleep("50ms"));
  const { millrace, warnings } = await guarded([sleeper]);
  const run = await millrace.submit(sleeper);
  await useAll();
  await run.result();
  expect(warnings).toEqual([]);
});

test("with throw the run fails at that line", async () => {
  const sinful = flow("sinful", () => Math.random());
  const { millrace } = await guarded([sinful], { determinismGuard: "throw" });
  await expect((await millrace.submit(sinful)).result()).rejects.toMatchObject({
    code: "RUN_FAILED",
    cause: { code: "FLOW_NOT_DETERMINISTIC", call: "Math.random()" },
  });
});

test("off, nothing is touched and nothing is told", async () => {
  const sinful = flow("sinful", () => Math.random());
  const { millrace, warnings } = await guarded([sinful], { determinismGuard: "off" });
  expect([Date, setTimeout, Math.random]).toEqual([BEFORE.Date, BEFORE.setTimeout, BEFORE.random]);
  await (await millrace.submit(sinful)).result();
  expect(warnings).toEqual([]);
});

test("of two workers in a process only the one that guards tells, until the last one stops", async () => {
  const sinful = flow("sinful", () => Math.random());
  const one = await guarded([sinful]);
  const other = await guarded([sinful], { determinismGuard: "off" });
  const third = await guarded([sinful], { determinismGuard: "throw" });
  await third.worker.drain();
  await (await other.millrace.submit(sinful)).result();
  expect(other.warnings).toEqual([]);
  await (await one.millrace.submit(sinful)).result();
  expect(one.warnings.length).toBe(1);
});

test("dates stay dates while they are watched", async () => {
  await guarded([flow("any", () => 1)]);
  const date = new Date(0);
  expect(date).toBeInstanceOf(Date);
  expect(date.constructor).toBe(Date);
  expect(new BEFORE.Date(1)).toBeInstanceOf(Date);
  expect(structuredClone(date)).toEqual(date);
  class Own extends Date {}
  expect(new Own(7)).toBeInstanceOf(Own);
  expect(typeof Date()).toBe("string");
});

test("without being asked for it is on in development only, and what it cannot be is refused", async () => {
  const modes = ["development", "production", "test", undefined].map((NODE_ENV) =>
    defaultGuardMode({ NODE_ENV }),
  );
  expect(modes).toEqual(["warn", "off", "off", "off"]);
  await expect(
    guarded([flow("any", () => 1)], { determinismGuard: "loud" as never }),
  ).rejects.toMatchObject({ code: "INVALID_OPTION" });
});
