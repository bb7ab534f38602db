import { setTimeout as delay } from "node:timers/promises";
import { flow, task } from "millrace";

export interface ReportOrder {
  readonly title: string;
  readonly parts: number;
}

export interface Report {
  readonly title: string;
  readonly total: number;
}

/** Something slow: a query, a call of a model, a rendering. */
export const compute = task(
  "compute",
  { retry: { attempts: 3, delays: ["500ms"] }, timeout: "30s" },
  async (part: number, { signal }) => {
    await delay(300, undefined, { signal });
    return part * part;
  },
);

export const report = flow("report", async (ctx, { title, parts }: ReportOrder) => {
  let total = 0;
  for (let part = 1; part <= parts; part++) {
    total += await ctx.run(compute, part);
    ctx.progress(part, parts, `part ${part}`);
  }
  return { title, total } satisfies Report;
});
