import fc from "fast-check";
import { expect, test } from "vitest";
import { drill } from "./support/drill.ts";
import { plansOf } from "./support/plan.ts";
import { programs } from "./support/program.ts";
import { anyCourse, runCourse } from "./support/projection-course.ts";

/** How many workloads are projected; raise it with `MILLRACE_PROJECTIONS=500`. */
const COURSES = Number(process.env["MILLRACE_PROJECTIONS"] ?? 15);
const SEED = process.env["MILLRACE_SEED"];

test(
  "a view that was kept while everything crashed and one that is rebuilt show the same, row by row (I10)",
  async () => {
    let rows = 0;
    const property = fc.asyncProperty(plansOf(programs), anyCourse, async (plan, course) => {
      const { messages } = await drill(plan);
      const { live, rebuilt } = await runCourse(course, messages);
      expect(rebuilt).toEqual(live);
      rows += live.rows.length;
    });
    await fc.assert(property, {
      numRuns: COURSES,
      ...(SEED === undefined ? {} : { seed: Number(SEED) }),
    });
    expect(rows).toBeGreaterThan(COURSES / 2);
  },
  60_000 + COURSES * 5_000,
);
