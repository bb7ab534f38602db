/** Payloads from submit to result, through workers that come and go: in memory, with stores and codecs that fail. */
import { randomBytes } from "node:crypto";
import { type Logger, pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import type { AnyDefinition } from "../../src/definition/definition.ts";
import { flow } from "../../src/definition/flow.ts";
import { signal } from "../../src/definition/signal.ts";
import { parseRunId } from "../../src/engine/run-id.ts";
import { putInput } from "../../src/history/put-input.ts";
import { aesGcmCodec } from "../../src/payloads/aes-gcm-codec.ts";
import type { Codec } from "../../src/payloads/codec.ts";
import type { PayloadOptions } from "../../src/payloads/payloads.ts";
import { systemClock } from "../../src/ports/clock.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { encodeValue } from "../../src/wire/value-codec.ts";
import { type ServingWorker, serve } from "../../src/worker/serve.ts";

const LARGE = 300_000;

function stage(options: PayloadOptions = {}) {
  const broker = new MemoryBroker();
  const client = (others: PayloadOptions = options): Millrace =>
    new Millrace(broker.connect(), undefined, others);
  const warnings: string[] = [];
  const log: Logger = pino(
    { level: "warn" },
    { write: (line: string) => void warnings.push(line) },
  );
  const hire = async (
    definitions: readonly AnyDefinition[],
    others: PayloadOptions = options,
  ): Promise<ServingWorker> => {
    const worker = await serve(definitions, { connection: client(others), log, drainGrace: 500 });
    onTestFinished(() => worker.drain());
    return worker;
  };
  return { broker, client, hire, warnings, millrace: client() };
}

function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 60_000, interval: 10 });
}

const key = randomBytes(32);
const encrypted: PayloadOptions = {
  codec: aesGcmCodec({ keys: { "2026-01": key }, current: "2026-01" }),
};

test("A codec wraps all that a user wrote, errors included: nothing of it is readable in the broker", async () => {
  const { broker, hire, millrace } = stage({ ...encrypted, blobThresholdBytes: 2_000 });
  const WORD = "topsecret";
  const approval = signal<string>("approval");
  const inner = flow("inner", async (_, input: string) => `${input} ${WORD}-inner`);
  const failing = flow("failing", async (ctx, input: string) => {
    const fail = (): never => {
      throw Object.assign(new TypeError(`${WORD}-error ${input}`), { data: `${WORD}-data` });
    };
    await ctx.step("throws", fail, { retry: { attempts: 1 } });
  });
  const outer = flow("outer", async (ctx, input: string) => {
    ctx.expose("view", `${WORD}-exposed`);
    const small = await ctx.step("small", () => `${WORD}-step ${input}`);
    const large = await ctx.step("large", () => `${WORD}-large `.repeat(5_000));
    const child = await ctx.submit(inner, `${WORD}-child`);
    const received = await ctx.receive(approval);
    return [small, large.length, await child.result(), received];
  });
  await hire([inner, failing, outer]);
  const run = await millrace.submit(outer, `${WORD}-input`);
  await run.signal(approval, `${WORD}-signal`);
  expect(await run.result()).toEqual([
    `${WORD}-step ${WORD}-input`,
    80_000,
    `${WORD}-child ${WORD}-inner`,
    `${WORD}-signal`,
  ]);
  const failed = await millrace.submit(failing, `${WORD}-failing`);
  await expect(failed.result()).rejects.toMatchObject({
    cause: { name: "TypeError", message: `${WORD}-error ${WORD}-failing`, data: `${WORD}-data` },
  });
  expect((await run.state()).exposed).toEqual({ view: `${WORD}-exposed` });
  expect((await failed.details()).steps[0]?.attempts[0]?.error?.message).toContain(WORD);
  const blobs: Uint8Array[] = [];
  for (const blob of broker.blobs.keys) {
    for await (const piece of (await broker.blobs.get(blob)) ?? []) blobs.push(piece);
  }
  expect(blobs.length).toBeGreaterThan(0);
  const stored = [...broker.messages().map(({ data }) => data), ...blobs];
  const readable = stored.filter((data) => Buffer.from(data).includes(WORD));
  expect(readable).toEqual([]);
});

test("A run that was begun with the former key goes on with the new one", async () => {
  const { hire, client } = stage(encrypted);
  let attempts = 0;
  const rotating = flow("rotating", async (ctx, input: string) => {
    const first = await ctx.step("first", () => `${input} 1`);
    await ctx.step("second", () => {
      attempts++;
      if (attempts === 1) return new Promise(() => undefined);
      return 2;
    });
    return `${first} 2`;
  });
  const worker = await hire([rotating]);
  const run = await client(encrypted).submit(rotating, "in");
  await eventually(() => expect(attempts).toBe(1));
  await worker.drain();
  const rotated = {
    codec: aesGcmCodec({
      keys: { "2026-01": key, "2026-02": randomBytes(32) },
      current: "2026-02",
    }),
  };
  await hire([rotating], rotated);
  expect(await client(rotated).attach(run.id).result()).toBe("in 1 2");
  await expect(client(encrypted).attach(run.id).result()).rejects.toMatchObject({
    code: "CODEC_ERROR",
    message: expect.stringContaining('"2026-02"'),
  });
});

test("A run whose payloads a worker cannot read is parked with the reason, and goes on where they can be read", async () => {
  const { hire, millrace, client } = stage(encrypted);
  const greet = flow("greet", async (ctx, name: string) => ctx.step("say", () => `Hello ${name}`));
  const ignorant = await hire([greet], {});
  const run = await millrace.submit(greet, "Ada");
  await eventually(async () => expect((await run.state()).status).toBe("parked"));
  const { parked } = await run.details();
  expect(parked).toMatchObject({
    reason: "unreadable-payload",
    expected: "the input",
    asked: expect.stringContaining("codec aes-gcm"),
  });
  expect((await client({}).attach(run.id).details()).input).toMatch(
    /^<encoded by aes-gcm, \d+ bytes>/,
  );
  await ignorant.drain();
  await hire([greet]);
  await run.resume();
  expect(await run.result()).toBe("Hello Ada");
});

test("A result waits for a store that is down, is not lost, and holds up nobody else (I9)", async () => {
  const { broker, hire, millrace, warnings } = stage();
  let calls = 0;
  const heavy = flow("heavy", async (ctx) => {
    const bytes = await ctx.step("make", () => {
      calls++;
      return new Uint8Array(LARGE).fill(calls);
    });
    return bytes;
  });
  const light = flow("light", async (ctx, input: number) => ctx.step("add", () => input + 1));
  await hire([heavy, light]);
  broker.blobs.outage = new Error("No route to the store");
  const run = await millrace.submit(heavy);
  await eventually(() => expect(warnings.join("")).toContain("A payload waits; trying again"));
  expect(warnings.join("")).toContain("No route to the store");
  const others = await Promise.all([1, 2, 3].map((input) => millrace.submit(light, input)));
  expect(await Promise.all(others.map((other) => other.result()))).toEqual([2, 3, 4]);
  expect(await run.state()).toMatchObject({ status: "running" });
  broker.blobs.outage = undefined;
  const bytes = await run.result();
  expect(Buffer.from(bytes).equals(Buffer.alloc(LARGE, 1))).toBe(true);
  expect(calls).toBe(1);
  // What names a blob is in the log only after the blob is in the store.
  expect(broker.blobs.keys).toHaveLength(1);
});

test("A signal reaches a run whose first frame was stored before its input could be read (I6)", async () => {
  let open: (() => void) | undefined;
  const readable = new Promise<void>((resolve) => {
    open = resolve;
  });
  const codec: Codec = {
    name: "slow",
    encode: (bytes) => bytes,
    decode: async (bytes) => {
      await readable;
      return bytes;
    },
  };
  const { hire, millrace } = stage({ codec });
  const approval = signal<string>("approval");
  const waiting = flow("waiting", (ctx, _given: string) => ctx.receive(approval));
  await hire([waiting]);
  const run = await millrace.submit(waiting, "in");
  await eventually(async () => expect((await run.state()).status).toBe("running"));
  await run.signal(approval, "granted");
  open?.();
  expect(await run.result({ timeout: "30s" })).toBe("granted");
});

test("A submission waits for a store that comes back", async () => {
  const { broker, hire, millrace } = stage();
  const count = flow("count", async (_, bytes: Uint8Array) => bytes.length);
  await hire([count]);
  broker.blobs.outage = new Error("Down");
  const submitting = millrace.submit(count, new Uint8Array(LARGE));
  await eventually(() => expect(broker.blobs.puts).toBeGreaterThan(1));
  broker.blobs.outage = undefined;
  expect(await (await submitting).result()).toBe(LARGE);
});

test("A blob that is damaged parks the run that needs it, and the run goes on when it is mended", async () => {
  const { broker, hire, millrace } = stage();
  let held = 0;
  const careful = flow("careful", async (ctx) => {
    const bytes = await ctx.step("make", () => new Uint8Array(LARGE).fill(1));
    await ctx.step("hold", () => {
      held++;
      return held === 1 ? new Promise(() => undefined) : held;
    });
    return bytes[0];
  });
  const first = await hire([careful]);
  const run = await millrace.submit(careful);
  await eventually(() => expect(held).toBe(1));
  await first.drain();
  const [blob = ""] = broker.blobs.keys;
  broker.blobs.replace(blob, new Uint8Array(LARGE).fill(2));
  await hire([careful]);
  await eventually(async () => expect((await run.state()).status).toBe("parked"));
  expect((await run.details()).parked).toMatchObject({
    reason: "unreadable-payload",
    step: "make#1",
    asked: expect.stringContaining("is damaged"),
  });
  expect(held).toBe(1);
  broker.blobs.replace(blob, new Uint8Array(LARGE).fill(1));
  await run.resume();
  expect(await run.result()).toBe(1);
});

test("Large signals, inputs of children and their results reach the flow, in a replay too", async () => {
  const { broker, hire, millrace } = stage();
  const part = signal<Uint8Array>("part");
  const double = flow("double", async (_, bytes: Uint8Array) => new Uint8Array(bytes.length * 2));
  let held = 0;
  const whole = flow("whole", async (ctx) => {
    const received = await ctx.receive(part);
    const child = await ctx.submit(double, received ?? new Uint8Array());
    const doubled = await child.result();
    await ctx.step("hold", () => {
      held++;
      return held === 1 ? new Promise(() => undefined) : held;
    });
    return [received?.length, doubled.length];
  });
  const first = await hire([double, whole]);
  const run = await millrace.submit(whole);
  await run.signal(part, new Uint8Array(LARGE));
  await eventually(() => expect(held).toBe(1));
  await first.drain();
  await hire([double, whole]);
  expect(await run.result()).toEqual([LARGE, 2 * LARGE]);
  expect(broker.blobs.keys).toHaveLength(2);
  const largest = Math.max(...broker.messages().map(({ data }) => data.length));
  expect(largest).toBeLessThan(10_000);
});

test("A replay of many large outputs shows each to the step that gave it, in order", async () => {
  const { broker, hire, millrace } = stage(encrypted);
  const STEPS = 24;
  let held = 0;
  const long = flow("long", async (ctx) => {
    const seen: number[] = [];
    for (let at = 0; at < STEPS; at++) {
      const bytes = await ctx.step("make", () => new Uint8Array(LARGE).fill(at));
      seen.push(bytes[LARGE - 1] ?? -1);
    }
    await ctx.step("hold", () => {
      held++;
      return held === 1 ? new Promise(() => undefined) : held;
    });
    return seen;
  });
  const first = await hire([long]);
  const run = await millrace.submit(long);
  await eventually(() => expect(held).toBe(1));
  await first.drain();
  const { puts } = broker.blobs;
  await hire([long]);
  expect(await run.result()).toEqual(Array.from({ length: STEPS }, (_, at) => at));
  expect(broker.blobs.puts).toBe(puts);
});

test("Without a store what is too large fails with a typed error, wherever it comes from", async () => {
  const { hire, millrace } = stage({ blobs: "none" });
  const give = flow("give", async (ctx, of: "step" | "flow" | "child") => {
    const huge = new Uint8Array(2_000_000);
    if (of === "step") return ctx.step("huge", () => huge);
    if (of === "child") await ctx.submit("give", huge);
    return huge;
  });
  await hire([give]);
  for (const of of ["step", "flow", "child"] as const) {
    const run = await millrace.submit(give, of);
    const cause = { code: "PAYLOAD_TOO_LARGE" };
    await expect(run.result()).rejects.toMatchObject({ code: "RUN_FAILED", cause });
  }
  const submitting = millrace.submit("give", new Uint8Array(2_000_000));
  await expect(submitting).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
});

test("What is shown of a run leaves a large value where it is, and says where", async () => {
  const { hire, millrace } = stage();
  const big = flow("big", async (ctx) => {
    await ctx.step("small", () => "here");
    await ctx.step("medium", () => "m".repeat(LARGE));
    return ctx.step("large", () => new Uint8Array(2_000_000));
  });
  await hire([big]);
  const run = await millrace.submit(big);
  await run.result();
  const { steps, output } = await run.details();
  expect(steps.map((step) => step.output)).toEqual([
    "here",
    "m".repeat(LARGE),
    expect.stringMatching(/^<blob of 2000000 bytes in memory: [0-9a-f]{64}>$/),
  ]);
  expect(output).toMatch(/^<blob of 2000000 bytes/);
  const kinds: string[] = [];
  for await (const event of run.events()) {
    if (event.type !== "StepCompleted") continue;
    kinds.push(event.output.blob === undefined ? "inline" : "blob");
  }
  expect(kinds).toEqual(["inline", "inline", "blob"]);
});

test("A signal that cannot be read here is passed over, whatever it names, and keeps what comes after it in order (I11)", async () => {
  const { broker, hire, millrace, warnings } = stage();
  const go = signal<string>("go");
  const waits = flow("waits", async (ctx) => [await ctx.receive(go), await ctx.receive(go)]);
  await hire([waits]);
  const run = await millrace.submit(waits);
  await eventually(async () => expect((await run.state()).status).toBe("running"));
  const { encoding, data } = encodeValue("foreign", "");
  const blob = { store: "memory", key: "nothing", sha256: "0".repeat(64), size: 7 };
  const host = { broker: broker.connect(), clock: systemClock };
  for (const [at, payload] of [
    { encoding, data, codec: "unknown" },
    { encoding, blob: { ...blob, store: "elsewhere" } },
    { encoding, blob: { ...blob, store: host.broker.blobs.name } },
  ].entries()) {
    const { flow: queue } = parseRunId(run.id);
    await putInput(
      host,
      parseRunId(run.id),
      queue,
      { type: "Signal", name: "go", payload },
      `${at}`,
    );
  }
  await run.signal(go, "first");
  await run.signal(go, "second");
  expect(await run.result({ timeout: "60s" })).toEqual(["first", "second"]);
  const { frames } = await run.details();
  const events = frames.flatMap((frame) => frame.events);
  expect(events.filter(({ type }) => type === "Parked")).toEqual([]);
  expect(events.filter(({ type }) => type === "InputFolded")).toHaveLength(2);
  expect(warnings.filter((line) => line.includes("cannot be read"))).toHaveLength(3);
});
