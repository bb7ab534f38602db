import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { replay } from "../../src/debug/replay.ts";
import { flow } from "../../src/definition/flow.ts";
import { signal } from "../../src/definition/signal.ts";
import { task } from "../../src/definition/task.ts";
import { record } from "./support/record.ts";

const approve = signal<boolean>("approve");
const pack = flow("pack", async (ctx, what: string) => ctx.step("wrap", () => `${what} wrapped`));

test("each command stands beside the event that answered it, with the line that asked", async () => {
  const shop = flow("shop", async (ctx, id: number) => {
    const paid = await ctx.step("charge", () => id * 100);
    const child = await ctx.submit(pack, "book");
    const ok = await ctx.receive(approve, { timeout: "1h" });
    await ctx.sleep("1s");
    return { paid, ok, packed: await child.result() };
  });
  const run = await record([shop, pack], 7, async (stage, handle) => {
    await stage.clock.until(handle.signal(approve, true));
  });
  const replayed = await replay(run, { definition: shop });
  expect(replayed).toMatchObject({ verdict: "fits", outcome: { status: "completed" } });
  expect(
    replayed.commands.map(({ kind, id, answeredBy, place, outcome }) => [
      kind,
      id,
      answeredBy?.event.type,
      place?.line,
      outcome?.type,
    ]),
  ).toEqual([
    ["step", "charge#1", "StepCompleted", lineOf('ctx.step("charge", () => id'), "output"],
    ["child", "pack#1", "ChildSubmitted", lineOf('ctx.submit(pack, "book")'), "submitted"],
    ["receive", "approve#1", "InputFolded", lineOf("ctx.receive(approve, { timeout"), "output"],
    ["timer", "sleep#1", "TimerFired", lineOf('ctx.sleep("1s")'), "due"],
    ["outcome", "pack#1/result", "InputFolded", lineOf("packed: await child.result()"), "closed"],
  ]);
});

test("no step, compensation, emit or send is called, and nothing is written to the broker", async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-replay-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  let armed = false;
  const trap = (name: string): void => {
    if (armed) writeFileSync(join(folder, name), "called");
  };
  const retry = {
    attempts: 3,
    delays: ["10ms"],
    when: () => {
      trap("retry-policy");
      return true;
    },
  } as const;
  const reserve = task(
    "reserve",
    { retry, compensate: () => trap("compensation") },
    (_: undefined, { attempt }) => {
      trap("task");
      if (attempt < 3) throw new Error("not yet");
      return 1;
    },
  );
  const cautious = flow("cautious", async (ctx) => {
    await ctx.step("write", () => trap("step"), { retry });
    await ctx.emit("order.taken", { id: 1 });
    const child = await ctx.submit(pack, "book");
    await child.signal(approve, true);
    await ctx
      .saga(async (saga) => {
        await saga.run(reserve);
        saga.compensate("undo", () => trap("undo"));
        await saga.step("fail", () => {
          trap("failing step");
          throw new Error("no stock");
        });
      })
      .catch(() => undefined);
    return child.result();
  });
  const run = await record([cautious, pack]);
  armed = true;
  const replayed = await replay(run, { definition: cautious });
  expect(replayed).toMatchObject({ verdict: "fits", outcome: { status: "completed" } });
  expect(replayed.commands.map(({ id }) => id)).toContain("undo#1");
  expect(
    ["retry-policy", "compensation", "task", "step", "undo", "failing step"].filter((name) =>
      existsSync(join(folder, name)),
    ),
  ).toEqual([]);
});

/** Where this file says so first, from 1. */
function lineOf(text: string): number {
  const lines = readFileSync(new URL(import.meta.url), "utf8").split("\n");
  return lines.findIndex((one) => one.includes(text)) + 1;
}
