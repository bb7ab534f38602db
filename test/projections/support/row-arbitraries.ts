import fc from "fast-check";
import type { AttributeValue } from "../../../src/engine/attributes.ts";
import type { RunQuery } from "../../../src/engine/run-query.ts";
import type { RunRow } from "../../../src/projections/run-row.ts";
import { runRow } from "./run-rows.ts";

// Few values of each: what is random must meet, or nothing is ever found.
const FLOWS = ["checkout", "Checkout", "refund"] as const;
const QUEUES = ["default", "slow"] as const;
const STATUSES = ["pending", "running", "suspended", "completed", "failed", "cancelled"] as const;
const TAGS = ["job:42", "job:4", "ü ö%_'\"\\", "🦊"] as const;
const KEYS = [
  "a",
  "ab",
  "a%",
  "a_c",
  "aü",
  "a\u{10ffff}",
  "a\ud7ff",
  "b-2026-01",
  "b-2026-02",
] as const;
const WORKERS = ["", "w1", "w2"] as const;
const FINGERPRINTS = ["", "00000000000000aa", "00000000000000bb"] as const;
const NAMES = ["", "TimeoutError", "TypeError"] as const;
const MESSAGES = [
  "",
  "Time out after 42 ms",
  "cannot read x_y of undefined",
  "Größe: 50%_ zu groß",
  "a.b.c timeout's",
] as const;
const TEXTS = [
  "time",
  "timeout",
  "Time OUT",
  "err",
  "größe",
  "x_y",
  "x",
  "after 4",
  "50%",
  "_",
  "!",
] as const;
const ATTRIBUTES = ["customer", "amount"] as const;
const TIMES = [1_000, 1_001, 1_002, 2_000, 3_000, 3_001] as const;

const time = fc.constantFrom(...TIMES);
const tags = fc.uniqueArray(fc.constantFrom(...TAGS), { maxLength: 3 });
const attribute: fc.Arbitrary<AttributeValue> = fc.oneof(
  fc.constantFrom("ann", "bob", "true", "5"),
  fc.constantFrom(-1.5, 0, 5, 1e300),
  fc.boolean(),
  fc.constantFrom(new Date(5), new Date(1_000)),
);

/** What changes in a run while it lives. */
const change: fc.Arbitrary<Partial<RunRow>> = fc.record({
  status: fc.constantFrom(...STATUSES),
  startedAt: fc.constantFrom(0, ...TIMES),
  closedAt: fc.constantFrom(0, ...TIMES),
  updatedAt: time,
  worker: fc.constantFrom(...WORKERS),
  addedTags: tags,
  attributes: fc.dictionary(fc.constantFrom(...ATTRIBUTES), attribute, { maxKeys: 2 }),
  errorName: fc.constantFrom(...NAMES),
  errorMessage: fc.constantFrom(...MESSAGES),
  errorFingerprint: fc.constantFrom(...FINGERPRINTS),
  archived: fc.constantFrom("", "", "blob-1"),
  progress: fc.constantFrom(undefined, { done: 1, total: 2, message: "half \0 \ud800" }),
  waits: fc.constantFrom([], ["signal x"]),
  epoch: fc.nat(3),
});

const fixed: fc.Arbitrary<Partial<RunRow>> = fc
  .record({
    flow: fc.constantFrom(...FLOWS),
    queue: fc.constantFrom(...QUEUES),
    key: fc.constantFrom(...KEYS),
    submittedAt: time,
    tags,
    parent: fc.constantFrom("", "", "checkout:a", "refund:ab"),
  })
  .map((given) => (given.parent === "" ? given : { ...given, root: given.parent, depth: 1 }));

/** A run's row at several times of its life, of runs that are all different. */
export const runLives: fc.Arbitrary<readonly (readonly RunRow[])[]> = fc
  .uniqueArray(fc.tuple(fixed, fc.array(change, { maxLength: 3 })), {
    maxLength: 40,
    selector: ([{ flow, key }]) => `${flow}:${key}`,
  })
  .map((lives) =>
    lives.map(([given, changes]) => {
      const first = runRow(given);
      return [first, ...changes.map((later) => ({ ...first, ...later }))];
    }),
  );

const window = fc.record(
  { from: time.map((at) => new Date(at)), to: time.map((at) => new Date(at)) },
  { requiredKeys: [] },
);

function oneOrMore<T>(values: readonly T[]): fc.Arbitrary<T | readonly T[]> {
  return fc.oneof(
    fc.constantFrom(...values),
    fc.array(fc.constantFrom(...values), { maxLength: 3 }),
  );
}

const filters = fc.record(
  {
    flow: oneOrMore(FLOWS),
    status: oneOrMore(STATUSES),
    notStatus: oneOrMore(STATUSES),
    queue: oneOrMore(QUEUES),
    key: fc.oneof(
      fc.constantFrom(...KEYS),
      fc.constantFrom("", "a", "b-2026", ...KEYS).map((prefix) => ({ prefix })),
    ),
    tags,
    anyTag: fc.array(fc.constantFrom(...TAGS), { maxLength: 3 }),
    submitted: window,
    started: window,
    closed: window,
    parent: fc.constantFrom("", "checkout:a", "nobody"),
    root: fc.constantFrom("checkout:a", "refund:ab", "nobody"),
    worker: fc.constantFrom(...WORKERS),
    fingerprint: fc.constantFrom(...FINGERPRINTS),
    text: fc.constantFrom(...TEXTS),
    attributes: fc.array(
      fc.oneof(
        fc.record({
          name: fc.constantFrom(...ATTRIBUTES),
          is: fc.constant("=" as const),
          value: attribute,
        }),
        fc.record({
          name: fc.constantFrom(...ATTRIBUTES),
          is: fc.constantFrom(
            "=" as const,
            ">" as const,
            ">=" as const,
            "<" as const,
            "<=" as const,
          ),
          value: attribute.filter((value) => typeof value === "number" || value instanceof Date),
        }),
      ),
      { maxLength: 2 },
    ),
    archived: fc.boolean(),
  },
  { requiredKeys: [] },
);

type Filters = (typeof filters)["generate"] extends (...args: never[]) => { value: infer T }
  ? T
  : never;

/** A few criteria at once: more of them find nothing. */
export const runQueries: fc.Arbitrary<RunQuery> = fc
  .tuple(
    filters,
    fc.nat(3),
    fc.option(
      fc.record({
        by: fc.constantFrom("submitted", "started", "closed", "updated"),
        direction: fc.constantFrom("ascending", "descending"),
      }),
      { nil: undefined },
    ),
    fc.infiniteStream(fc.nat(1_000)),
  )
  .map(([given, most, order, chance]) => {
    const entries = Object.entries(given)
      .map((entry) => ({ entry, at: chance.next().value }))
      .toSorted((one, other) => one.at - other.at)
      .slice(0, most)
      .map(({ entry }) => entry);
    const query: Partial<Filters> = Object.fromEntries(entries);
    return { ...query, ...(order ? { order } : {}) };
  });
