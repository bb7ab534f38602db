/** What is redacted is nowhere in a bundle, in no writing; the rest is as it was. On the in-memory broker. */
import { gunzipSync } from "node:zlib";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { bundlePayloads } from "../../src/bundle/bundle-payloads.ts";
import { type ExportOptions, makeBundle } from "../../src/bundle/make-bundle.ts";
import { readBundle } from "../../src/bundle/read-bundle.ts";
import { writeBundle } from "../../src/bundle/write-bundle.ts";
import { readRecordedRun } from "../../src/client/recorded-runs.ts";
import { parseRunId } from "../../src/engine/run-id.ts";
import { aesGcmCodec, flow, Millrace, type RunHandle, serve, signal } from "../../src/index.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { decodeValue } from "../../src/wire/value-codec.ts";

const CARD = "4111-1111-1111-1234";
const TOKEN = 'tök_live "9f8a7b6c"';
const SECRET = "only ann knows this one";
const LARGE = "x".repeat(200_000);

const approve = signal<{ readonly secret: string; readonly by: string }>("approve");

interface Order {
  readonly card: { readonly number: string; readonly year: number };
  readonly note: string;
}

const pay = flow("pay", async (ctx, order: Order) => {
  const { token } = await ctx.step("charge", () => ({
    token: TOKEN,
    large: LARGE,
    when: new Date(0),
  }));
  ctx.tag(`card:${order.card.number}`);
  ctx.expose("charged", new Map([["token", token]]));
  const approved = await ctx.receive(approve);
  await ctx
    .step("notify", () => {
      const details = { auth: Buffer.from(`user:${approved.secret}`).toString("base64") };
      throw Object.assign(new Error(`Cannot tell ${order.card.number} of ${token}`), { details });
    })
    .catch(() => undefined);
  return { paid: order.card.number, url: `https://pay.example/?t=${encodeURIComponent(token)}` };
});

async function paid(codec = false): Promise<{ millrace: Millrace; run: RunHandle }> {
  const options = codec
    ? { codec: aesGcmCodec({ keys: { a: new Uint8Array(32) }, current: "a" }) }
    : {};
  const broker = new MemoryBroker();
  const millrace = new Millrace(broker.connect(), undefined, options);
  const connection = new Millrace(broker.connect(), undefined, options);
  const worker = await serve([pay], { connection, log: pino({ level: "silent" }) });
  onTestFinished(() => worker.drain());
  const order: Order = { card: { number: CARD, year: 2031 }, note: "by the door" };
  const run = await millrace.submit(pay, order, { key: "p1", metadata: { source: "shop" } });
  await run.signal(approve, { secret: SECRET, by: "ann" });
  await run.result();
  return { millrace, run };
}

async function exported(
  { millrace, run }: { millrace: Millrace; run: RunHandle },
  options: ExportOptions,
): Promise<Uint8Array> {
  const read = await readRecordedRun(millrace.host, parseRunId(run.id));
  if (read === undefined) throw new Error("There is no such run");
  return writeBundle(await makeBundle({ namespace: "test", ...read }, millrace.payloads, options));
}

/** Every writing of a text that a reader of the file could make out: in the file, and in what is in base64 there. */
function isIn(bytes: Uint8Array, secret: string): boolean {
  const file = gunzipSync(bytes);
  const whole = [
    file,
    ...[...file.toString().matchAll(/"base64":"([^"]*)"/g)].map(([, text]) =>
      Buffer.from(text ?? "", "base64"),
    ),
  ];
  const ascii = JSON.stringify(secret).slice(1, -1);
  const forms = [secret, ascii, encodeURIComponent(secret), Buffer.from(secret).toString("hex")];
  for (const before of ["", "a", "ab"]) {
    forms.push(
      Buffer.from(before + secret)
        .toString("base64")
        .slice(4, -4),
    );
    forms.push(
      Buffer.from(before + ascii)
        .toString("base64")
        .slice(4, -4),
    );
  }
  return whole.some((one) => forms.some((form) => one.includes(form)));
}

const REDACT = ["input.card.number", "steps.charge#1.output.token", "signals.approve.secret"];

test.each([
  ["with its blobs", { blobs: true }],
  ["without its blobs", {}],
])(
  "a redacted value is nowhere in a bundle %s: not in copies, errors, tags, nor in base64",
  async (_, options) => {
    const scene = await paid();
    const plain = await exported(scene, options);
    const bytes = await exported(scene, { ...options, redact: REDACT });
    for (const secret of [CARD, TOKEN, SECRET]) {
      expect(isIn(plain, secret)).toBe(true);
      expect(isIn(bytes, secret)).toBe(false);
    }
    const bundle = await readBundle(bytes);
    expect(bundle.frames.map(({ sequence }) => sequence)).toEqual(
      (await readBundle(plain)).frames.map(({ sequence }) => sequence),
    );
    expect(decodeValue(bundle.submission.input as never)).toEqual({
      card: { number: "[redacted string]", year: 2031 },
      note: "by the door",
    });
    expect(bundle.redacted.map(({ path, places }) => [path, places])).toEqual([
      ["input.card.number", ["input.card.number"]],
      [
        "steps.charge#1.output.token",
        [`steps.charge#1.output${"blobs" in options ? ".token" : ""}`],
      ],
      ["signals.approve.secret", ["signals.approve.secret"]],
    ]);
    expect(bundle.redacted[0]?.elsewhere).toEqual(["output", "steps.notify#1.error", "tags.0"]);
  },
);

test("what is not asked for stays as it is, also in the blob that something was taken out of", async () => {
  const scene = await paid();
  const bytes = await exported(scene, { blobs: true, redact: ["steps.charge.output.token"] });
  const bundle = await readBundle(bytes);
  const [charged] = bundle.frames
    .flatMap(({ events }) => events)
    .filter((event) => event.type === "StepCompleted");
  if (charged === undefined) throw new Error("no step");
  expect(charged.output.blob?.store).toBe("bundle");
  expect(decodeValue(await bundlePayloads(bundle).open(charged.output))).toEqual({
    token: "[redacted string]",
    large: LARGE,
    when: new Date(0),
  });
  expect(isIn(bytes, CARD)).toBe(true);
  expect(await exported(scene, { blobs: true, redact: ["steps.charge.output.token"] })).toEqual(
    bytes,
  );
  // What was redacted once is listed when the bundle is written again, and more can be taken out.
  const again = await readBundle(
    await writeBundle(await makeBundle(bundle, bundlePayloads(bundle), { redact: ["input.**"] })),
  );
  expect(again.redacted.map(({ path }) => path)).toEqual(["steps.charge.output.token", "input.**"]);
  expect(decodeValue(again.submission.input as never)).toBe("[redacted object]");
  expect(isIn(await writeBundle(again), CARD)).toBe(false);
});

test("what is encrypted stays encrypted, and goes as a whole where a path leads into it", async () => {
  const scene = await paid(true);
  const sealed = await exported(scene, { blobs: true });
  for (const secret of [CARD, TOKEN, SECRET, "by the door"]) {
    expect(isIn(sealed, secret.slice(0, 12))).toBe(secret === CARD);
  }
  const opened = await exported(scene, { blobs: true, decrypt: true, redact: REDACT });
  expect(isIn(opened, "by the door")).toBe(true);
  for (const secret of [CARD, TOKEN, SECRET]) expect(isIn(opened, secret)).toBe(false);
  const bundle = await readBundle(opened);
  expect(bundle.decrypted).toBe(true);

  const whole = await readBundle(await exported(scene, { redact: ["input.card.year"] }));
  expect(whole.redacted[0]?.places).toEqual(["input"]);
  expect(decodeValue(whole.submission.input as never)).toBe("[redacted payload]");
  expect(whole.decrypted).toBe(false);
});

test("nothing is written while a redacted value stands where it cannot be taken out", async () => {
  const broker = new MemoryBroker();
  const millrace = new Millrace(broker.connect());
  const run = await millrace.submit("pay", { mail: "ann@example.org" }, { key: "ann@example.org" });
  const scene = { millrace, run };
  await expect(exported(scene, { redact: ["input.mail"] })).rejects.toMatchObject({
    code: "REDACTION_FAILED",
    message: expect.stringContaining("The value at input.mail also stands in the run's id"),
  });
});

test.each(["", ".", "input.", "input..card", "nothing.card", 'input."card', "step.charge"])(
  "%j is no path",
  async (path) => {
    const millrace = new Millrace(new MemoryBroker().connect());
    const run = await millrace.submit("pay", 1, { key: "p" });
    await expect(exported({ millrace, run }, { redact: [path] })).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
  },
);

test("a path may go through maps, lists and names with dots in them, and errors keep their shape", async () => {
  const millrace = new Millrace(new MemoryBroker().connect());
  const input = {
    "a.b": [new Map([["deep", { pin: 123456 }]])],
    set: new Set(["first secret", "kept"]),
    self: undefined as unknown,
  };
  input.self = input;
  const run = await millrace.submit("pay", input, {
    key: "p",
    metadata: { apikey: "abcdef-0123" },
  });
  const bytes = await exported(
    { millrace, run },
    { redact: ['input."a.b".*.*.p*', "input.set.0", "metadata.api*"] },
  );
  const { submission, redacted } = await readBundle(bytes);
  const value = decodeValue(submission.input as never) as typeof input;
  expect(value["a.b"]).toEqual([new Map([["deep", { pin: "[redacted number]" }]])]);
  expect(value.set).toEqual(new Set(["[redacted string]", "kept"]));
  expect(value.self).toBe(value);
  expect(submission.metadata).toEqual({ apikey: "[redacted string]" });
  expect(redacted.map(({ places }) => places)).toEqual([
    ['input."a.b".0.deep.pin'],
    ["input.set.0"],
    ["metadata.apikey"],
  ]);
});
