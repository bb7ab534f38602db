/** Frames on a history's subject that are well-formed, and are another run's, or old ones of the same run. */
import { expect, test } from "vitest";
import { flow } from "../../src/definition/flow.ts";
import type { RunId } from "../../src/engine/run-id.ts";
import { Gate, Stage } from "../contract/support/stage.ts";

function copy(stage: Stage, from: RunId, to: RunId, which: "first" | "last"): void {
  const frames = stage.broker.messages().filter(({ subject }) => subject === historyOf(from));
  const frame = which === "first" ? frames[0] : frames.at(-1);
  stage.broker.store(historyOf(to), frame?.data ?? new Uint8Array());
}

function historyOf(id: RunId): string {
  return `mr.test.0.h.${id.replace(":", ".")}`;
}

function steps(gate: Gate, executions: string[]) {
  return flow("steps", async (ctx) => {
    await ctx.step("one", () => executions.push(`one of ${ctx.runId}`));
    await ctx.step("two", () => gate.pass());
    return ctx.runId;
  });
}

test.for(["another run's end", "its own first frame", "its own last frame"])(
  "a run that is under way goes on behind a copy of %s (I2, I11)",
  async (what) => {
    const stage = new Stage();
    const gate = new Gate();
    const executions: string[] = [];
    await stage.hire(() => [steps(gate, executions), flow("other", () => "other")]);
    const other = await stage.submit("other");
    await stage.until(other, "completed");
    const id = await stage.submit("steps");
    await stage.clock.untilTrue(() => gate.arrivals === 1);
    await stage.clock.advance(500);

    if (what === "another run's end") copy(stage, other, id, "last");
    else copy(stage, id, id, what === "its own first frame" ? "first" : "last");
    gate.open();
    await stage.until(id, "completed");
    expect(executions).toEqual([`one of ${id}`]);
    expect(stage.state(id).epoch).toBe(1);
    expect(await stage.clock.until(stage.client.attach(id).result())).toBe(id);
  },
);

test("a run is taken over from a dead worker behind a copy of another run's end (I1, I2)", async () => {
  const stage = new Stage();
  const gate = new Gate();
  const executions: string[] = [];
  const serves = () => [steps(gate, executions), flow("other", () => "other")];
  const first = await stage.hire(serves);
  const other = await stage.submit("other");
  await stage.until(other, "completed");
  const id = await stage.submit("steps");
  await stage.clock.untilTrue(() => gate.arrivals === 1);
  await stage.clock.advance(500);
  copy(stage, other, id, "last");
  first.connection.crash();
  await stage.hire(serves);
  stage.broker.lapseLeases();
  gate.open();
  await stage.until(id, "completed");
  expect(executions).toEqual([`one of ${id}`]);
  expect(stage.state(id).takeOvers).toBe(1);
});
