/** The report of chaos says what happened, and how to look at what must not have. */
import { expect, test } from "vitest";
import { checkAll } from "../../chaos/checks/index.mjs";
import { DEFAULTS } from "../../chaos/defaults.mjs";
import { makeReport, markdownOf } from "../../chaos/report.mjs";
import { Told } from "./support/told.ts";

const RUN = "mixed:client-0-1";
const OPTIONS = { ...DEFAULTS, seed: "s", log: () => undefined };

/** `worker-1` is killed with a run in its hands, and `worker-2` goes on with it. */
function killed(): Told {
  const told = new Told().worker("w1", 1).worker("w2", 2);
  const strike = { strike: 1, fault: "kill-worker", what: "kill -9", target: "worker-1" } as const;
  told.note(1_000, { kind: "struck", ...strike });
  told.note(1_001, { kind: "ended", who: "worker-1", pid: 1 });
  const input = { ops: [{ op: "step", ms: 10, fails: 0, value: 3 }] } as const;
  told.run(RUN, input).held(0).held(1_700, "w2").step(1_800, "step#1").completed(1_900, [3]);
  return told
    .note(0, { kind: "accepted", who: "client-0", plan: 1, run: RUN })
    .execution(RUN, "step#1", [900, 1_500])
    .execution(RUN, "step#1", [1_750, 1_790], { worker: "w2" });
}

test("a take-over counts from the fault that struck the worker until another one goes on", () => {
  const views = { live: [{ id: RUN }], rebuilt: [{ id: RUN }] };
  const samples = [0, 1].map((from) => ({ from, to: from + 1, consumers: [] }));
  const evidence = killed().evidence({ views, samples });
  const report = makeReport(evidence, checkAll(evidence), OPTIONS, undefined);
  expect(report).toMatchObject({
    accepted: 1,
    runs: { completed: 1 },
    faults: { "kill-worker": 1 },
    steps: { executions: 2, repeated: 1, late: 0 },
    lost: 0,
    violations: [],
  });
  expect(report.takeOvers["kill-worker"]).toEqual({ count: 1, p50: 700, p99: 700, max: 700 });
  expect(markdownOf(report)).toContain("| lost | nothing |");
});

test("a worker that lives lost its run to what came last, and not to what it got over long before", () => {
  const told = new Told().worker("w1", 1).worker("w2", 2);
  const blocked = {
    strike: 1,
    fault: "block-worker",
    what: "blocked",
    target: "worker-1",
  } as const;
  told.note(1_000, { kind: "struck", ...blocked });
  told.note(9_000, {
    kind: "struck",
    strike: 2,
    fault: "kill-server",
    what: "kill -9",
    target: "n0",
  });
  const input = { ops: [{ op: "step", ms: 10, fails: 0, value: 3 }] } as const;
  told.run(RUN, input).held(0).held(9_700, "w2").step(9_800, "step#1").completed(9_900, [3]);
  const evidence = told.evidence();
  const report = makeReport(evidence, checkAll(evidence), OPTIONS, undefined);
  expect(Object.keys(report.takeOvers)).toEqual(["all", "kill-server"]);
});

test("a violation is told with its run, where the store is kept, and the command that repeats it", () => {
  const evidence = killed().note(2, { kind: "accepted", who: "c", plan: 2, run: "mixed:lost" });
  const all = evidence.evidence();
  const report = makeReport(all, checkAll(all), { ...OPTIONS, keep: true }, "/kept/here");
  expect(report.lost).toBe(1);
  const text = markdownOf(report);
  expect(text).toContain("- **I1** mixed:lost: it was accepted and is not in the log");
  expect(text).toContain("nats-server -c /kept/here/n0/nats-server.conf");
  expect(text).toContain("npm run chaos -- --seed s --minutes 1 --topology one");
});

test("the command in the report names all that was not as it is by default", () => {
  const evidence = killed().evidence();
  const options = { ...OPTIONS, workers: 5, settleMinutes: 1, older: "abc" };
  const { command } = makeReport(evidence, checkAll(evidence), options, undefined);
  expect(command).toMatch(/ --workers 5 --settle 1 --older abc$/);
});
