import fc from "fast-check";
import { expect, test } from "vitest";
import { replay } from "../../src/debug/replay.ts";
import { recordedRun } from "../../src/history/recorded-run.ts";
import type { Stored } from "../../src/ports/run-log.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { drill } from "./support/drill.ts";
import { plansOf } from "./support/plan.ts";
import { flowsOf } from "./support/play.ts";
import { programs } from "./support/program.ts";
import { runsIn } from "./support/stored-runs.ts";

const PROGRAMS = Number(process.env["MILLRACE_PROGRAMS"] ?? 40);

test(
  "whatever happened to a run and its workers, a replay without one fits, and executes nothing (I7)",
  async () => {
    const drills = fc.assert(
      fc.asyncProperty(plansOf(programs), async (plan) => {
        const { messages } = await drill(plan);
        // Steps of these flows that take time would wait for this clock for ever.
        const flows = flowsOf(plan.program, new ManualClock());
        for (const { id, submission, frames } of runsIn(messages).values()) {
          const definition = flows.find(({ name }) => id.startsWith(`${name}:`));
          const run = recordedRun(storedOf(messages, id), id);
          if (submission === undefined || definition === undefined || run === undefined) continue;
          const { verdict, parks, differs, shown, commands } = await replay(run, { definition });
          expect({ id, verdict, parks, differs }).toEqual({
            id,
            verdict: "fits",
            parks: undefined,
            differs: undefined,
          });
          expect(shown.event).toBe(frames.flatMap(({ events }) => events).length);
          const answers = commands.flatMap(({ answeredBy }) => answeredBy?.place.event ?? []);
          expect(answers.every((event) => event <= shown.event)).toBe(true);
        }
      }),
      { numRuns: PROGRAMS },
    );
    await expect(drills).resolves.toBeUndefined();
  },
  60_000 + PROGRAMS * 2_000,
);

function storedOf(messages: readonly Stored[], id: string) {
  const of = (wanted: string): readonly Stored[] =>
    messages.filter(({ subject }) => {
      const [, , , kind, ...rest] = subject.split(".");
      return kind === wanted && rest.slice(-2).join(":") === id;
    });
  const [submission = NONE] = of("new");
  return { submission, inbox: of("in"), history: of("h") };
}

const NONE: Stored = { subject: "", partition: 0, sequence: 0, data: new Uint8Array() };
