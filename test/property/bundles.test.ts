import fc from "fast-check";
import { expect, test } from "vitest";
import { readBundle } from "../../src/bundle/read-bundle.ts";
import { writeBundle } from "../../src/bundle/write-bundle.ts";
import { recordedRun, type StoredRun } from "../../src/history/recorded-run.ts";
import type { Stored } from "../../src/ports/run-log.ts";
import { bytesOf } from "../bundle/support/bytes-of.ts";
import { drill } from "./support/drill.ts";
import { plansOf } from "./support/plan.ts";
import { programs } from "./support/program.ts";

test("whatever happened to a run, its bundle has all that is recorded of it, byte for byte, and is the same bytes again", async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(plansOf(programs), async (plan) => {
      const { messages } = await drill(plan);
      for (const [id, stored] of storedRuns(messages)) {
        const recorded = recordedRun(stored, id);
        const bytes = await writeBundle({ namespace: "test", stored });
        const { frames, foreign, submission, ...read } = await readBundle(bytes);
        expect({ frames, foreign, submission }).toEqual({
          frames: recorded?.frames,
          foreign: recorded?.foreign,
          submission: recorded?.submission,
        });
        expect(bytesOf(read.stored)).toEqual(bytesOf(stored));
        const again = await writeBundle({ namespace: "test", stored: read.stored });
        expect(Buffer.compare(again, bytes)).toBe(0);
        runs++;
      }
    }),
    { numRuns: 40 },
  );
  expect(runs).toBeGreaterThan(40);
}, 120_000);

/** What a broker holds of each run that was submitted, by its id. */
function storedRuns(messages: readonly Stored[]): ReadonlyMap<string, StoredRun> {
  const kept = new Map<string, Record<"new" | "in" | "h", Stored[]>>();
  for (const message of messages) {
    const [, , , kind = "", ...place] = message.subject.split(".");
    if (kind !== "new" && kind !== "in" && kind !== "h") continue;
    const id = place.slice(kind === "h" ? 0 : 1, kind === "h" ? 2 : 3).join(":");
    const run = kept.get(id) ?? { new: [], in: [], h: [] };
    run[kind].push(message);
    kept.set(id, run);
  }
  const runs = new Map<string, StoredRun>();
  for (const [id, { new: submissions, in: inbox, h: history }] of kept) {
    const [submission] = submissions;
    if (submission !== undefined) runs.set(id, { submission, inbox, history });
  }
  return runs;
}
