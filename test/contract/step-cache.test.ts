/** Outcomes that runs share: computed once where possible, and never needed. */
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  type AnyDefinition,
  type CacheOptions,
  flow,
  Millrace,
  serve,
  task,
} from "../../src/index.ts";
import { cacheKey } from "../../src/wire/cache-codec.ts";
import { eventually, onEveryAdapter } from "./support/on-every-adapter.ts";
import { Gate, Stage } from "./support/stage.ts";

const BY_NAME: CacheOptions<string> = { key: (name) => name, ttl: "1h" };

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

onEveryAdapter("a cached outcome", (open) => {
  /** Two workers that look names up, each look-up passing a gate. */
  async function lookups(options: { readonly ttl?: "1s"; readonly gate?: Gate } = {}) {
    const { connect } = open();
    const gate = options.gate ?? new Gate();
    if (options.gate === undefined) gate.open();
    let count = 0;
    const lookUp = task(
      "lookup",
      { cache: { ...BY_NAME, ttl: options.ttl ?? "1h" } },
      async (name: string) => {
        const number = ++count;
        await gate.pass();
        return { name, number };
      },
    );
    const report = flow("report", async (ctx, name: string) => ctx.run(lookUp, name));
    for (let at = 0; at < 2; at++) {
      const connection = new Millrace(await connect());
      const worker = await serve([report, lookUp], { connection, log: pino({ level: "silent" }) });
      onTestFinished(() => worker.drain());
    }
    const broker = await connect();
    return { broker, client: new Millrace(broker), gate, lookUp, report, count: () => count };
  }

  test("is computed by one of many runs that ask at the same time, steps and submitted tasks alike", async () => {
    const gate = new Gate();
    const { client, report, lookUp, count } = await lookups({ gate });
    const runs = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        at % 2 === 0 ? client.submit(report, "ann") : client.submit(lookUp, "ann"),
      ),
    );
    const other = await client.submit(report, "bob");
    await eventually(() => expect(gate.arrivals).toBe(2));
    gate.open();
    const outputs = await Promise.all(runs.map((run) => run.result()));
    expect(new Set(outputs.map((output) => JSON.stringify(output))).size).toBe(1);
    expect(await other.result()).toMatchObject({ name: "bob" });
    expect(count()).toBe(2);
    const later = await client.submit(report, "ann");
    expect(await later.result()).toEqual(outputs[0]);
    expect(count()).toBe(2);
    const steps = (await later.details()).steps.map(({ id, status }) => `${id} ${status}`);
    expect(steps).toEqual(["lookup#1 completed"]);
  });

  test("that has expired is computed anew", async () => {
    const { client, report, count } = await lookups({ ttl: "1s" });
    await (await client.submit(report, "ann")).result();
    await eventually(async () => {
      const output = await (await client.submit(report, "ann")).result();
      expect(output).toEqual({ name: "ann", number: 2 });
    });
    expect(count()).toBe(2);
  });

  test.each([
    ["bytes that are no record", bytes("\u0000nonsense")],
    ["a record of a newer version", bytes('{"format":99,"status":"done"}')],
    [
      "an output that cannot be decoded",
      bytes('{"format":1,"status":"done","output":"CgRqc29uEgJ7Cg=="}'),
    ],
  ])("in place of which stand %s costs one execution", async (_, data) => {
    const { broker, client, report, count } = await lookups();
    const key = cacheKey("lookup", await digestOf("ann"));
    expect(await broker.control.write(key, data, 0)).toMatchObject({ status: "written" });
    expect(await (await client.submit(report, "ann")).result()).toEqual({ name: "ann", number: 1 });
    expect(await (await client.submit(report, "ann")).result()).toEqual({ name: "ann", number: 1 });
    expect(count()).toBe(1);
  });
});

describe("a worker that computes a cached outcome", () => {
  test("and dies is waited for no longer than its claim holds", async () => {
    const stage = new Stage();
    const never = new Gate();
    const started: string[] = [];
    const serves = (): readonly AnyDefinition[] => [
      task("lookup", { cache: BY_NAME }, async (name: string, info) => {
        started.push(info.runId);
        if (started.length === 1) await never.pass();
        return name.toUpperCase();
      }),
    ];
    const first = await stage.hire(serves, { lease: "1h" });
    await stage.clock.until(stage.client.submit("lookup", "ann", { key: "one" }));
    await stage.clock.untilTrue(() => started.length === 1);
    await stage.clock.advance(60_000);
    await stage.hire(serves, { lease: "1h" });
    const other = await stage.clock.until(stage.client.submit("lookup", "ann", { key: "two" }));
    await stage.clock.advance(60_000);
    expect(started).toEqual(["lookup:one"]);
    first.connection.crash();
    expect(await stage.clock.until(other.result(), 30_000)).toBe("ANN");
    expect(started).toEqual(["lookup:one", "lookup:two"]);
  });

  test("and fails lets those who waited compute it themselves", async () => {
    const stage = new Stage();
    const gate = new Gate();
    let count = 0;
    await stage.hire(() => [
      task("lookup", { cache: BY_NAME }, async (name: string) => {
        if (++count > 1) return name.toUpperCase();
        await gate.pass();
        throw new Error("no answer");
      }),
    ]);
    const submit = (key: string) =>
      stage.clock.until(stage.client.submit("lookup", "ann", { key }));
    const failing = await submit("one");
    await stage.clock.untilTrue(() => count === 1);
    const others = [await submit("two"), await submit("three")];
    await stage.clock.advance(1_000);
    expect(count).toBe(1);
    gate.open();
    await expect(stage.clock.until(failing.result())).rejects.toMatchObject({ code: "RUN_FAILED" });
    for (const run of others) expect(await stage.clock.until(run.result(), 5_000)).toBe("ANN");
  });

  test("goes on without a cache when the cache cannot be written", async () => {
    const stage = new Stage();
    stage.broker.inject({
      beforeWrite: ({ kind }) => (kind === "control" ? "not stored" : "stored"),
    });
    let count = 0;
    await stage.hire(() => [
      task("lookup", { cache: BY_NAME }, (name: string) => `${name} ${++count}`),
    ]);
    for (const expected of ["ann 1", "ann 2"]) {
      const run = await stage.clock.until(stage.client.submit("lookup", "ann"));
      expect(await stage.clock.until(run.result(), 30_000)).toBe(expected);
    }
  });

  test("does not begin when the cache answers after nobody waits for the step any more", async () => {
    const stage = new Stage();
    const answers = new Gate();
    let count = 0;
    await stage.hire(({ connection: { control } }) => {
      const read = control.read.bind(control);
      control.read = async (key) => {
        if (key.startsWith("cache.")) await answers.pass();
        return read(key);
      };
      return [
        task("lookup", { cache: BY_NAME, timeout: "1s" }, (name: string) => `${name} ${++count}`),
      ];
    });
    const late = await stage.clock.until(stage.client.submit("lookup", "ann"));
    await expect(stage.clock.until(late.result(), 30_000)).rejects.toMatchObject({
      code: "RUN_FAILED",
    });
    answers.open();
    await stage.clock.advance(100);
    expect(count).toBe(0);
    // What it had claimed is free again.
    const next = await stage.clock.until(stage.client.submit("lookup", "ann"));
    expect(await stage.clock.until(next.result(), 900)).toBe("ann 1");
  });

  test("fails the step when no key can be found out", async () => {
    const stage = new Stage();
    const cache = { key: () => 7 as unknown as string, ttl: "1m" } as const;
    await stage.hire(() => [task("lookup", { cache, retry: { attempts: 5 } }, () => "never")]);
    const run = await stage.clock.until(stage.client.submit("lookup"));
    const error: unknown = await stage.clock.until(run.result().catch((thrown: unknown) => thrown));
    expect(String((error as Error).cause)).toContain("cache.key of task lookup gave no key");
  });

  test("shares an outcome that is too large for a record by its place in the blob store", async () => {
    const stage = new Stage();
    let count = 0;
    await stage.hire(() => [
      task("lookup", { cache: BY_NAME }, () => `${++count}`.padEnd(3_000_000)),
    ]);
    for (let at = 0; at < 2; at++) {
      const run = await stage.clock.until(stage.client.submit("lookup", "ann"));
      expect(String(await stage.clock.until(run.result())).trim()).toBe("1");
    }
  });
});

async function digestOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes(text));
  return Buffer.from(digest).toString("hex");
}
