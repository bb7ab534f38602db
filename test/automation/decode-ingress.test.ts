import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeIngress } from "../../src/automation/ingress/decode-ingress.ts";
import type { IngressRequest } from "../../src/automation/ingress/ingress-request.ts";
import { parseRunId, runRef } from "../../src/engine/run-id.ts";
import { BusSubjects } from "../../src/wire/bus-subjects.ts";
import { messages } from "../../src/wire/messages.ts";

const subjects = new BusSubjects("test");
const STORED_AT = Date.parse("2026-11-23T10:00:00Z");

interface Sent {
  readonly subject?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
  readonly sequence?: number;
}

function decode({
  subject = "millrace.test.submit.order",
  headers = {},
  body = "",
  ...more
}: Sent) {
  const named = Object.entries(headers).map(
    ([name, value]) => [name.toLowerCase(), typeof value === "string" ? [value] : value] as const,
  );
  return decodeIngress(subjects, {
    subject,
    headers: new Map(named),
    data: typeof body === "string" ? new TextEncoder().encode(body) : body,
    sequence: more.sequence ?? 7,
    storedAt: STORED_AT,
  });
}

function request(sent: Sent): IngressRequest {
  const decoded = decode(sent);
  if (decoded.kind === "ok") return decoded.value;
  throw new Error(decoded.reason);
}

function refusal(sent: Sent): string {
  const decoded = decode(sent);
  return decoded.kind === "ok" ? `not refused: ${JSON.stringify(decoded.value)}` : decoded.reason;
}

function submission(fields: object): Uint8Array {
  return messages.Submission.encode({ format: 1, ...fields }).finish();
}

test("a body is the input, and an empty one is none", () => {
  expect(request({ body: '{"id":1}' })).toEqual({
    kind: "submit",
    flow: "order",
    key: undefined,
    ownKey: "ingress-7",
    input: { kind: "value", value: { id: 1 } },
    options: {},
  });
  expect(request({})).toMatchObject({ input: { kind: "value", value: undefined } });
  expect(request({ body: "null" })).toMatchObject({ input: { kind: "value", value: null } });
  // As .NET and Windows editors write it.
  expect(request({ body: "\uFEFF[1]" })).toMatchObject({ input: { value: [1] } });
});

test("every header of a submission says what the client's option says", () => {
  const headers = {
    "Millrace-Key": "order/42",
    "Millrace-Tags": ["job:42, origin:backend", "vip"],
    "Millrace-Queue": "slow",
    "Millrace-Priority": "high",
    "Millrace-Delay": "10s",
    "Millrace-Deadline": "1h",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "X-Other": "not ours",
  };
  expect(request({ headers })).toMatchObject({
    key: "order/42",
    options: {
      tags: ["job:42", "origin:backend", "vip"],
      queue: "slow",
      priority: "high",
      at: STORED_AT + 10_000,
      deadline: new Date(STORED_AT + 3_600_000),
      metadata: { traceparent: headers.traceparent },
    },
  });
  for (const time of ["2030-01-31T08:00:00Z", "2030-01-31T09:00:00+01:00", "1896076800000"]) {
    expect(request({ headers: { "Millrace-At": time } })).toMatchObject({
      options: { at: Date.parse("2030-01-31T08:00:00Z") },
    });
  }
});

test("Nats-Msg-Id is the key when there is no other, and a trace that is none is let go", () => {
  expect(request({ headers: { "Nats-Msg-Id": "m1" } })).toMatchObject({ key: "m1" });
  const both = { "Nats-Msg-Id": "m1", "Millrace-Key": "k1" };
  expect(request({ headers: both })).toMatchObject({ key: "k1" });
  expect(request({ headers: { traceparent: "junk" } })).toMatchObject({ options: {} });
});

test("a message that was published again keeps the number that its publisher was told", () => {
  const headers = { "Millrace-Replay": "3" };
  expect(request({ headers })).toMatchObject({ ownKey: "ingress-3" });
  const signal = { subject: "millrace.test.signal.order.k.paid", headers };
  expect(request(signal)).toMatchObject({ id: "ingress-3" });
});

test.each([
  ["header Millrace-Kee is not known", { "Millrace-Kee": "x" }],
  ["header Millrace-Reason means nothing for a submit", { "Millrace-Reason": "x" }],
  ["header Millrace-Key has several values", { "Millrace-Key": ["a", "b"] }],
  ["is not a duration", { "Millrace-Delay": "soon" }],
  ["is not a duration", { "Millrace-Deadline": "tomorrow" }],
  ["give a time such as", { "Millrace-At": "tomorrow" }],
  ["give a time such as", { "Millrace-At": "2030-13-45T08:00:00Z" }],
  ["give one of them", { "Millrace-At": "2030-01-31T08:00:00Z", "Millrace-Delay": "1s" }],
  ["give high, normal or low", { "Millrace-Priority": "urgent" }],
  ["A queue's name", { "Millrace-Queue": "a.b" }],
  ["A key", { "Millrace-Key": "k".repeat(129) }],
  ["A key", { "Nats-Msg-Id": "a\u0007b" }],
  ["is kept for messages without a key", { "Millrace-Key": "ingress-9" }],
  ["Option tags", { "Millrace-Tags": "t".repeat(257) }],
  ["Option tags", { "Millrace-Tags": Array.from({ length: 65 }, (_, at) => `t${at}`) }],
  ['Content-Type "text/csv" is not known', { "Content-Type": "text/csv" }],
  ['Content-Encoding "gzip" is not known', { "Content-Encoding": "gzip" }],
  ["header Millrace-Replay is no sequence", { "Millrace-Replay": "-1" }],
  ["header Millrace-Depth is no number", { "Millrace-Depth": "deep" }],
])("a submission is refused because %s", (reason, headers) => {
  expect(refusal({ headers, body: "1" })).toContain(reason);
});

test("a body that is not what it says is refused", () => {
  expect(refusal({ body: "{" })).toContain("its body is not JSON");
  expect(refusal({ body: Uint8Array.of(0xff, 0xfe) })).toContain("its body is not UTF-8");
  const headers = { "Content-Type": "application/protobuf" };
  expect(refusal({ headers, body: "{" })).toContain("its body is no Submission");
  expect(refusal({ headers, body: messages.Submission.encode({ format: 2 }).finish() })).toContain(
    "newer Millrace",
  );
});

test("of a protobuf submission is heeded what a client would ask its user, and a header wins", () => {
  const input = { encoding: "json", data: Buffer.from("[1]") };
  const body = submission({
    runId: "order:k1",
    queue: "slow",
    input,
    tags: ["a"],
    metadata: { by: "go" },
    submissionId: "theirs",
    replyTo: "_INBOX.theirs",
    startAt: STORED_AT + 5_000,
  });
  for (const type of ["application/protobuf", "application/x-protobuf; v=1"]) {
    expect(request({ headers: { "Content-Type": type }, body })).toEqual({
      kind: "submit",
      flow: "order",
      key: "k1",
      ownKey: "ingress-7",
      input: { kind: "payload", payload: input },
      options: {
        queue: "slow",
        tags: ["a"],
        metadata: { by: "go" },
        attributes: {},
        at: STORED_AT + 5_000,
      },
    });
  }
  const headers = {
    "Content-Type": "application/protobuf",
    "Millrace-Key": "k2",
    "Millrace-Queue": "fast",
    "Millrace-Delay": "1s",
  };
  expect(request({ headers, body })).toMatchObject({
    key: "k2",
    options: { queue: "fast", at: STORED_AT + 1_000, tags: ["a"] },
  });
});

test.each([
  ["for flow other", { runId: "other:k" }],
  ["no Submission: A run id", { runId: "nothing" }],
  ["kept for messages without a key", { runId: "order:ingress-4" }],
  ["unknown encoding", { input: { encoding: "xml", data: Buffer.from("<a/>") } }],
  ["names a parent", { parent: { runId: "a:b", queue: "a", root: "a:b", depth: 1 } }],
  ["A queue's name", { queue: "a.b" }],
  ["Option at", { startAt: Number.MAX_SAFE_INTEGER }],
])("a protobuf submission is refused: %s", (reason, fields) => {
  const headers = { "Content-Type": "application/protobuf" };
  expect(refusal({ headers, body: submission(fields) })).toContain(reason);
});

test("a signal has its run and name in the subject, encoded if they must be", () => {
  const { token } = runRef("order", "eu/42");
  expect(
    request({ subject: `millrace.test.signal.order.${token}.paid`, body: '{"by":"ann"}' }),
  ).toEqual({
    kind: "signal",
    run: runRef("order", "eu/42"),
    name: "paid",
    value: { by: "ann" },
    id: "ingress-7",
  });
  const name = runRef("order", "is paid").token;
  expect(
    request({
      subject: `millrace.test.signal.order.any.${name}`,
      headers: { "Millrace-Key": "eu.42", "Nats-Msg-Id": "s-1" },
    }),
  ).toMatchObject({ run: runRef("order", "eu.42"), name: "is paid", value: undefined, id: "s-1" });
});

test("the reason of a cancellation is its body or a header", () => {
  const subject = "millrace.test.cancel.order.k1";
  expect(request({ subject, body: "sold out" })).toEqual({
    kind: "cancel",
    run: runRef("order", "k1"),
    reason: "sold out",
    id: "ingress-7",
  });
  const json = { "Content-Type": "application/json" };
  expect(request({ subject, headers: json, body: '"sold out"' })).toMatchObject({
    reason: "sold out",
  });
  expect(refusal({ subject, headers: json, body: "{}" })).toContain("a reason is text");
  expect(request({ subject, headers: { "Millrace-Reason": "late" } })).toMatchObject({
    reason: "late",
  });
  expect(request({ subject })).toMatchObject({ reason: "" });
});

test("a schedule's fire time is told from what others publish", () => {
  expect(request({ subject: "mr.test.ingress.due.order.nightly" })).toEqual({
    kind: "due",
    flow: "order",
    schedule: "nightly",
  });
});

test.each([
  "millrace.test.submit",
  "millrace.test.submit.order.extra",
  "millrace.test.submit.ord er",
  "millrace.test.submit.*",
  "millrace.test.submit.>",
  `millrace.test.submit.${"x".repeat(129)}`,
  "millrace.other.submit.order",
  "millrace.test.signal.order.key",
  "millrace.test.signal.order.key.name.more",
  "millrace.test.signal.order.--z-zz.paid",
  "millrace.test.cancel.order",
  "millrace.test.cancel.order.k.more",
  "millrace.test.pause.order",
  "mr.test.ingress.due.order",
  "mr.test.ingress.order.nightly",
  "mr.test.ingress.dead.4",
  "mr.test.ingress.other.4",
])("nothing can be asked for on %s", (subject) => {
  expect(decode({ subject, body: "1" }).kind).toBe("foreign");
});

const header = fc.constantFrom(
  "millrace-key",
  "millrace-tags",
  "millrace-delay",
  "millrace-at",
  "millrace-queue",
  "millrace-priority",
  "millrace-deadline",
  "millrace-reason",
  "millrace-replay",
  "millrace-depth",
  "millrace-trigger",
  "nats-msg-id",
  "content-type",
  "content-encoding",
  "traceparent",
);
const value = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("application/protobuf", "application/json", "text/plain", "10s", "1", "high", ""),
  fc.integer().map(String),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
);
const token = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("order", "k", "*", ">", "", "--", "--a-2f", "submit", "signal", "due"),
);
const sent = fc.record({
  subject: fc.oneof(
    fc.string({ unit: "binary" }),
    fc
      .tuple(
        fc.constantFrom("millrace.test", "mr.test.ingress", "millrace.other"),
        fc.constantFrom("submit", "signal", "cancel", "due", "order", "dead"),
        fc.array(token, { maxLength: 4 }),
      )
      .map(([root, kind, tokens]) => [root, kind, ...tokens].join(".")),
  ),
  headers: fc.dictionary(fc.oneof(header, fc.string()), fc.array(value, { maxLength: 3 }), {
    maxKeys: 5,
    noNullPrototype: true,
  }),
  body: fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json(),
    fc.constant("[".repeat(50_000)),
    fc
      .record({
        runId: fc.string(),
        queue: fc.string(),
        tags: fc.array(fc.string()),
        startAt: fc.nat(),
        deadlineAt: fc.maxSafeNat(),
        input: fc.record({ encoding: fc.string(), data: fc.uint8Array() }),
      })
      .map(submission),
  ),
});

test("whatever is published has exactly one meaning or one reason, always the same, and nothing throws", () => {
  fc.assert(
    fc.property(sent, (message) => {
      const decoded = decode(message);
      expect(decode(message)).toEqual(decoded);
      const outcome = decoded.kind === "ok" ? decoded.value.kind : "refused";
      expect(["submit", "signal", "cancel", "due", "refused"]).toContain(outcome);
      expect(decoded.kind === "ok" ? "none needed" : decoded.reason).not.toBe("");
    }),
    { numRuns: 2_000 },
  );
});

test("whatever is understood can be stored: its run and its times are ones that a client takes", () => {
  fc.assert(
    fc.property(sent, (message) => {
      const decoded = decode(message);
      const asked = decoded.kind === "ok" ? decoded.value : undefined;
      const run = asked === undefined || asked.kind === "due" ? undefined : runOf(asked);
      expect(run === undefined ? run : parseRunId(run).id).toBe(run);
      const { at = 0, deadline = 0 } = asked?.kind === "submit" ? asked.options : {};
      expect(Number(at)).toBeGreaterThanOrEqual(0);
      expect(Number(deadline)).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 2_000 },
  );
});

function runOf(asked: Exclude<IngressRequest, { kind: "due" }>): string {
  if (asked.kind !== "submit") return asked.run.id;
  return `${asked.flow}:${asked.key ?? asked.ownKey}`;
}
