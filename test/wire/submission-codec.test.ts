import fc from "fast-check";
import { expect, test } from "vitest";
import { runRef } from "../../src/engine/run-id.ts";
import type { Submission } from "../../src/engine/submission.ts";
import { messages } from "../../src/wire/messages.ts";
import { decodeSubmission, encodeSubmission } from "../../src/wire/submission-codec.ts";
import { anyAttributes, anyPayload } from "../engine/support/arbitraries.ts";
import { anyMutationOf } from "./support/mutations.ts";
import { sameBytes } from "./support/same-bytes.ts";

expect.addEqualityTesters([sameBytes]);

const SUBMISSION: Submission = {
  runId: "checkout:order-42",
  queue: "checkout",
  submissionId: "s1",
  input: { encoding: "json", data: new TextEncoder().encode("{}") },
  tags: ["job:42"],
  metadata: { team: "a" },
  attributes: { customer: "ann" },
  submittedAt: 1_700_000_000_000,
  replyTo: "",
  isKeyNew: false,
  parent: undefined,
  startAt: 0,
  deadlineAt: 0,
};

const anyText = fc.string({ unit: "binary", maxLength: 20 });
const anyPlainSubmission: fc.Arbitrary<Submission> = fc.record({
  runId: fc.stringMatching(/^[\w .*>é-]{1,20}$/).map((key) => runRef("flow", key).id),
  queue: fc.stringMatching(/^\w{1,10}$/),
  submissionId: fc.stringMatching(/^\w{1,10}$/),
  input: anyPayload,
  tags: fc.array(anyText, { maxLength: 4 }),
  metadata: fc.dictionary(anyText, anyText, { maxKeys: 4, noNullPrototype: true }),
  attributes: anyAttributes,
  submittedAt: fc.maxSafeNat(),
  replyTo: anyText,
  isKeyNew: fc.boolean(),
  parent: fc.option(
    fc.record({
      runId: fc.stringMatching(/^\w{1,10}:\w{1,10}$/),
      queue: fc.stringMatching(/^[\w-]{1,10}$/),
      root: fc.stringMatching(/^\w{1,10}:\w{1,10}$/),
      depth: fc.integer({ min: 1, max: 99 }),
    }),
    { nil: undefined },
  ),
  startAt: fc.maxSafeNat(),
  deadlineAt: fc.maxSafeNat(),
});
const anyMark = fc.record({
  file: fc.record({ store: anyText, key: anyText, sha256: anyText, size: fc.maxSafeNat() }),
  archivedAt: fc.maxSafeNat(),
  restoredAt: fc.maxSafeNat(),
});
const anySubmission: fc.Arbitrary<Submission> = fc
  .tuple(anyPlainSubmission, fc.option(anyMark, { nil: undefined }))
  .map(([plain, archived]) => (archived === undefined ? plain : { ...plain, archived }));

test("a submission comes back as it was written", () => {
  fc.assert(
    fc.property(anySubmission, (submission) => {
      const decoded = decodeSubmission(encodeSubmission(submission));
      expect(decoded).toEqual({ kind: "ok", value: submission });
    }),
  );
});

test("metadata under the names of Object's own properties is kept like any other", () => {
  const metadata = JSON.parse(
    '{"__proto__":"a","constructor":"b","toString":"c"}',
  ) as Submission["metadata"];
  const decoded = decodeSubmission(encodeSubmission({ ...SUBMISSION, metadata }));
  expect(decoded.kind === "ok" && Object.entries(decoded.value.metadata)).toEqual(
    Object.entries(metadata),
  );
});

test("attributes that could not be shown or searched are passed over, and the rest of the submission is kept", () => {
  const { tags, parent: _, ...rest } = SUBMISSION;
  const attributes = {
    customer: { text: "ann" },
    "not a token": { text: "x" },
    control: { text: "a\0b" },
    long: { text: "x".repeat(257) },
    infinite: { number: Number.POSITIVE_INFINITY },
    never: { time: Number.MAX_SAFE_INTEGER },
    newer: {},
  };
  const message = { ...rest, tags: [...tags], format: 1, attributes };
  const decoded = decodeSubmission(messages.Submission.encode(message).finish());
  expect(decoded).toEqual({ kind: "ok", value: SUBMISSION });
});

test("random and damaged bytes are foreign or a submission, and never an exception (I11)", () => {
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    anySubmission.map(encodeSubmission).chain(anyMutationOf),
  );
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      expect(["ok", "foreign"]).toContain(decodeSubmission(bytes).kind);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ["without a format", { format: 0 }, /format/],
  ["of a newer format", { format: 2 }, /newer Millrace/],
  ["without a queue", { queue: "" }, /queue/],
  ["whose queue has a wildcard", { queue: ">" }, /queue/],
  [
    "whose parent's queue would be more of a subject",
    { parent: { runId: "f:k", queue: "q.>", root: "f:k", depth: 1 } },
    /parent/,
  ],
  [
    "whose family has no first run",
    { parent: { runId: "f:k", queue: "q", root: "nobody", depth: 1 } },
    /parent/,
  ],
  ["without a submission id", { submissionId: "" }, /submission id/],
  ["whose run id has no flow", { runId: ":key" }, /run id/],
  ["whose run id has a wildcard for a flow", { runId: ">:key" }, /run id/],
  ["whose key has control characters", { runId: "f:a\r\nb" }, /run id/],
])("a submission %s is foreign", (_, change, reason) => {
  const { tags, parent: _parent, attributes: _attributes, ...rest } = SUBMISSION;
  const message = { ...rest, tags: [...tags], format: 1, ...change };
  const decoded = decodeSubmission(messages.Submission.encode(message).finish());
  expect(decoded).toEqual({ kind: "foreign", reason: expect.stringMatching(reason) });
});
