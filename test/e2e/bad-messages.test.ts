/** Foreign and malformed messages on every one of our subjects, while runs go on (I11). */
import { randomBytes } from "node:crypto";
import { headers, type NatsConnection } from "@nats-io/transport-node";
import { expect, test } from "vitest";
import { parseRunId } from "../../src/engine/run-id.ts";
import { decodeDeadLetter } from "../../src/wire/dead-letter-codec.ts";
import { encodeInput } from "../../src/wire/input-codec.ts";
import { Subjects } from "../../src/wire/subjects.ts";
import { encodeSubmission } from "../../src/wire/submission-codec.ts";
import { encodeValue } from "../../src/wire/value-codec.ts";
import { soundHistory } from "./support/sound-history.ts";
import { KEEPING, type TestBed, testBeds, type WorkerProcess } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();

test("garbage on the subjects of queues is set aside where it can be seen, and normal runs go on (I11)", async () => {
  const bed = await beds.open();
  const workers = await Promise.all([
    bed.worker("steps", { serve: KEEPING }),
    bed.worker("steps", { serve: KEEPING }),
  ]);
  const runs = submitMany(bed, 100);
  const sent: string[] = [];
  for (const subject of queueSubjects(bed)) {
    for (const data of garbage()) {
      await bed.publish(subject, data);
      sent.push(subject);
    }
  }
  await allComplete(bed, await runs);
  await bed.queueIsDone("steps");

  const letters = await deadLetters(bed);
  expect(letters.map(({ subject }) => subject).toSorted()).toEqual(sent.toSorted());
  for (const { reason } of letters) expect(reason).not.toBe("");
  expect(workers.map(({ isAlive }) => isAlive)).toEqual([true, true]);
  expect(workers.map(troubles)).toEqual([[], []]);
});

test("well-formed messages that fit no run are set aside or settled, and block nobody (I11)", async () => {
  const bed = await beds.open();
  const worker = await bed.worker("steps", { serve: KEEPING });
  const done = await bed.millrace.submit("steps", { count: 1 }, { key: "done" });
  await done.result({ timeout: "60s" });
  const { frames } = await done.details();
  const strange = new Map<string, Uint8Array>([
    // A submission under the subject of another run, and one whose run nobody submitted but somebody wakes.
    [subjectsOf(bed).submission(parseRunId("steps:one"), "steps"), submissionOf("steps:other")],
    [subjectsOf(bed).inbox(parseRunId("steps:never"), "steps"), wakeOf({})],
    // Wakes of a run that is closed: for no reason, for a token that never was, to resume it.
    [subjectsOf(bed).inbox(parseRunId("steps:done"), "steps"), wakeOf({ replaces: [1, 2, 999] })],
  ]);
  for (const [subject, data] of strange) await bed.publish(subject, data);
  await bed.publish(
    subjectsOf(bed).inbox(parseRunId("steps:done"), "steps"),
    wakeOf({ resume: true }),
  );
  await allComplete(bed, await submitMany(bed, 10));
  await bed.queueIsDone("steps");

  const reasons = new Map((await deadLetters(bed)).map(({ subject, reason }) => [subject, reason]));
  expect(reasons).toEqual(
    new Map([
      [
        subjectsOf(bed).submission(parseRunId("steps:one"), "steps"),
        expect.stringContaining("steps:other"),
      ],
      [
        subjectsOf(bed).inbox(parseRunId("steps:never"), "steps"),
        expect.stringContaining("no submission"),
      ],
    ]),
  );
  expect((await done.details()).frames).toEqual(frames);
  expect(troubles(worker)).toEqual([]);
});

test("an input that the submitter's bytes make unreadable fails its run alone (I11)", async () => {
  const bed = await beds.open();
  await bed.worker("steps", { serve: KEEPING });
  const payloads = { odd: "yaml", broken: "json", "broken-too": "devalue" };
  for (const [key, encoding] of Object.entries(payloads)) {
    const id = `steps:${key}`;
    const input = { encoding, data: Buffer.from("{not json") };
    const subject = subjectsOf(bed).submission(parseRunId(id), "steps");
    await bed.publish(subject, submissionOf(id, input));
    await expect(bed.millrace.attach(id).result({ timeout: "60s" })).rejects.toMatchObject({
      code: "RUN_FAILED",
    });
  }
  await allComplete(bed, await submitMany(bed, 5));
});

test("garbage on the history of a run that is under way costs it nothing (I2, I11)", async () => {
  const bed = await beds.open();
  const worker = await bed.worker("gated", { serve: KEEPING });
  const { id } = await bed.millrace.submit("gated");
  const run = bed.millrace.attach(id);
  await until("both steps wait at their gates", () => bed.ledger.of(id).length === 3);
  for (const data of garbage()) await bed.publish(subjectsOf(bed).history(parseRunId(id)), data);
  bed.openGate("left");
  bed.openGate("right");

  expect(await run.result({ timeout: "60s" })).toEqual(["left", "right"]);
  const { foreign, status, takeOvers } = await run.details();
  expect({ foreign: foreign.length, status, takeOvers }).toEqual({
    foreign: garbage().length,
    status: "completed",
    takeOvers: 0,
  });
  expect(bed.ledger.counts(id)).toEqual({ "first#1": 1, "left#1": 1, "right#1": 1, "last#1": 1 });
  expect(worker.isAlive).toBe(true);
});

test("garbage that claims another place in the stream is passed over like any other (I2, I11)", async () => {
  const bed = await beds.open();
  await bed.worker("gated", { serve: KEEPING });
  const { id } = await bed.millrace.submit("gated");
  const run = bed.millrace.attach(id);
  await until("both steps wait at their gates", () => bed.ledger.of(id).length === 3);
  const raw = await bed.raw();
  const subject = subjectsOf(bed).history(parseRunId(id));
  for (const place of ["1", "999999999", "not a number"]) {
    await raw.request(subject, Buffer.from("garbage"), {
      timeout: 30_000,
      headers: sequence(place),
    });
  }
  bed.openGate("left");
  bed.openGate("right");

  expect(await run.result({ timeout: "60s" })).toEqual(["left", "right"]);
  expect((await run.details()).foreign).toHaveLength(3);
});

test("garbage on the history of a run that was not taken up yet, or is closed, costs it nothing (I2, I11)", async () => {
  const bed = await beds.open();
  const { id } = await bed.millrace.submit("steps", { count: 2 });
  const run = bed.millrace.attach(id);
  const spoil = async (): Promise<void> => {
    for (const data of garbage()) await bed.publish(subjectsOf(bed).history(parseRunId(id)), data);
  };
  await spoil();
  expect((await run.state()).status).toBe("pending");
  await bed.worker("steps", { serve: KEEPING });
  expect(await run.result({ timeout: "60s" })).toBe(3);
  await spoil();
  expect(await bed.millrace.attach(id).result({ timeout: "60s" })).toBe(3);
  expect((await run.state()).status).toBe("completed");
  expect(bed.ledger.counts(id)).toEqual({ "add#1": 1, "add#2": 1 });
});

test("a run is taken over from a dead worker although its history is full of garbage (I2, I11)", async () => {
  const bed = await beds.open();
  const first = await bed.worker("gated");
  const { id } = await bed.millrace.submit("gated");
  await until("both steps wait at their gates", () => bed.ledger.of(id).length === 3);
  for (const data of garbage()) await bed.publish(subjectsOf(bed).history(parseRunId(id)), data);
  await first.kill();
  bed.openGate("left");
  bed.openGate("right");
  await bed.worker("gated");
  expect(await bed.millrace.attach(id).result({ timeout: "60s" })).toEqual(["left", "right"]);
  expect(bed.ledger.counts(id)).toEqual({ "first#1": 1, "left#1": 2, "right#1": 2, "last#1": 1 });
});

test("garbage to the lease thread, on live subjects and in timers' places stops nobody (I11)", async () => {
  const bed = await beds.open();
  const worker = await bed.worker("gated", { serve: KEEPING });
  const { id } = await bed.millrace.submit("gated");
  await until("both steps wait at their gates", () => bed.ledger.of(id).length === 3);
  const result = bed.millrace.attach(id).result({ timeout: "60s" });
  const connection = await bed.raw();
  const ask = `mrask.${bed.namespace}.${worker.id}`;
  const live = subjectsOf(bed).live(parseRunId(id));
  for (const data of [...garbage(), ...questions()]) {
    connection.publish(live, data);
    connection.publish(live, data, { headers: sequence("999999999") });
    connection.publish(live, data, { headers: sequence("not a number") });
    connection.publish(ask, data);
    // It answers all the same: it holds no run that such a question could mean.
    expect((await connection.request(ask, data, { timeout: 30_000 })).string()).toBe("gone");
    await bed.publish(
      `mr.${bed.namespace}.0.tm.gated.gated.${randomBytes(4).toString("hex")}`,
      data,
    );
  }
  await isAnswered(connection, bed, worker, id);
  bed.openGate("left");
  bed.openGate("right");
  expect(await result).toEqual(["left", "right"]);
  expect((await soundHistory(bed.millrace, id)).state.takeOvers).toBe(0);
});

/** A proper question still gets the proper answer. */
async function isAnswered(
  connection: NatsConnection,
  bed: TestBed,
  worker: WorkerProcess,
  id: string,
): Promise<void> {
  const { frames } = await bed.millrace.attach(id).details();
  const question = { partition: 0, token: frames[0]?.token, epoch: 1 };
  const ask = `mrask.${bed.namespace}.${worker.id}`;
  expect(
    (await connection.request(ask, JSON.stringify(question), { timeout: 30_000 })).string(),
  ).toBe("held");
}

/** Subjects that the queue's consumers read: of runs that could be, with tokens too few, too many or illegal. */
function queueSubjects(bed: TestBed): readonly string[] {
  const prefix = `mr.${bed.namespace}.0`;
  const rests = [
    "steps.steps.some-key",
    "steps.steps",
    "steps.steps.key.more",
    "steps.unknown-flow.key",
    `steps.steps.${"k".repeat(200)}`,
    "steps.steps.--zz",
    "steps.steps.--",
    "steps.steps.--c3-28",
    "steps.st@eps.key",
    "steps.steps.ключ",
    "steps.steps.a$b",
    // The server stores a wildcard that is published to as it stands.
    "steps.steps.*",
    "steps.*.key",
    "steps.steps.>",
  ];
  return ["new", "in"].flatMap((kind) => rests.map((rest) => `${prefix}.${kind}.${rest}`));
}

/** Bytes that are no message of ours. */
function garbage(): readonly Uint8Array[] {
  return [
    new Uint8Array(),
    Buffer.from("hello"),
    Buffer.from('{"json":true}'),
    new Uint8Array(64).fill(0xff),
    // A length that goes far beyond the end, and a group that never ends.
    new Uint8Array([0x12, 0xff, 0xff, 0xff, 0x7f]),
    new Uint8Array([0x0b, 0x0b, 0x0b]),
    // A format number and nothing else.
    new Uint8Array([0x08, 0x01]),
    randomBytes(512),
  ];
}

/** JSON that is no question. */
function questions(): readonly Uint8Array[] {
  return ["null", "[]", "1", '"held"', '{"token":{}}'].map((text) => Buffer.from(text));
}

function subjectsOf(bed: TestBed): Subjects {
  return new Subjects(bed.namespace, [1]);
}

function submissionOf(id: string, input = encodeValue({ count: 1 }, "")): Uint8Array {
  return encodeSubmission({
    runId: parseRunId(id).id,
    queue: "steps",
    submissionId: "by-hand",
    input,
    tags: [],
    attributes: {},
    metadata: {},
    submittedAt: Date.now(),
    replyTo: "$JS.API.STREAM.DELETE.everything",
    isKeyNew: false,
    parent: undefined,
    startAt: 0,
    deadlineAt: 0,
  });
}

function wakeOf(wake: { replaces?: readonly number[]; resume?: boolean }): Uint8Array {
  const body = { type: "Wake", replaces: [], resume: false, queue: "steps", ...wake } as const;
  return encodeInput({ inputId: "by-hand", sentAt: Date.now(), body });
}

function sequence(text: string) {
  const made = headers();
  made.set("Nats-Sequence", text);
  return made;
}

function submitMany(bed: TestBed, count: number): Promise<readonly { readonly id: string }[]> {
  const runs = Array.from({ length: count }, () =>
    bed.millrace.submit("steps", { count: 4, ms: 5 }),
  );
  return Promise.all(runs);
}

async function allComplete(bed: TestBed, runs: readonly { readonly id: string }[]): Promise<void> {
  const results = runs.map(({ id }) => bed.millrace.attach(id).result({ timeout: "60s" }));
  expect(new Set(await Promise.all(results))).toEqual(new Set([10]));
  for (const { id } of runs) {
    expect(new Set(Object.values(bed.ledger.counts(id)))).toEqual(new Set([1]));
  }
}

async function deadLetters(bed: TestBed) {
  const stored = await bed.millrace.broker.log.deadLetters(1_000);
  return stored.flatMap(({ data }) => {
    const decoded = decodeDeadLetter(data);
    return decoded.kind === "ok" ? [decoded.value] : [];
  });
}

/** What a worker logged that is worse than a message that it set aside. */
function troubles(worker: WorkerProcess): readonly string[] {
  const lines = worker.log.split("\n").filter((line) => line !== "");
  return lines.filter((line) => {
    const { level, msg }: { level: number; msg: string } = JSON.parse(line);
    return level > 30 && !msg.startsWith("Message set aside");
  });
}
