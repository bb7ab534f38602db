import fc from "fast-check";
import { expect, test } from "vitest";
import { check } from "./support/check.ts";
import { plansOf } from "./support/plan.ts";
import { programs } from "./support/program.ts";

/** How many programs are drilled; raise it with `MILLRACE_PROGRAMS=20000`. */
const PROGRAMS = Number(process.env["MILLRACE_PROGRAMS"] ?? 150);
/** Repeat a course with the seed that a failure prints: `MILLRACE_SEED=123`. */
const SEED = process.env["MILLRACE_SEED"];
/** Always the same programs beside the new ones. What a seed finds is kept, shrunk, in `regressions.test.ts`. */
const FIXED_SEEDS: readonly number[] = [1, 2, 3];

test.each(SEED === undefined ? FIXED_SEEDS : [])(
  "programs of the fixed seed %i end as if nothing had happened",
  async (seed) => {
    const drills = fc.assert(
      fc.asyncProperty(plansOf(programs), (plan) => check(plan)),
      { seed, numRuns: 20 },
    );
    await expect(drills).resolves.toBeUndefined();
  },
);

test(
  "any flow ends as if nothing had happened, whatever happens to its workers (I1-I8)",
  async () => {
    const drills = fc.assert(
      fc.asyncProperty(plansOf(programs), (plan) => check(plan)),
      {
        numRuns: PROGRAMS,
        ...(SEED === undefined ? {} : { seed: Number(SEED) }),
      },
    );
    await expect(drills).resolves.toBeUndefined();
  },
  60_000 + PROGRAMS * 2_000,
);
