/** The walk through a run: its keys and its screen, as functions, and both together over streams. */
import { EventEmitter } from "node:events";
import picocolors from "picocolors";
import { expect, test } from "vitest";
import { drawStep, type StepView } from "../../../src/cli/step/draw-step.ts";
import { keysIn } from "../../../src/cli/step/keys.ts";
import { StepScreen } from "../../../src/cli/step/step-screen.ts";
import { press, type StepWalk, type WalkedRun, walkAt } from "../../../src/cli/step/step-walk.ts";
import type { EventAddress } from "../../../src/engine/event-address.ts";

const plain = picocolors.createColors(false);

const RUN: WalkedRun = {
  lines: ["Activated", "StepStarted charge#1", "StepCompleted charge#1", "TimerSet nap#1"],
  find: (address: EventAddress) => {
    if ("event" in address && address.event <= 4) return address.event;
    if ("step" in address && address.step === "charge") return 3;
    throw new Error("There is nothing there.");
  },
};

function after(typed: string, walk: StepWalk = walkAt(0)): StepWalk {
  return keysIn(typed).reduce((at, key) => press(at, key, RUN), walk);
}

const RIGHT = "\u001b[C";
const LEFT = "\u001b[D";

test.each([
  ["", 0],
  ["n", 1],
  [`${RIGHT}${RIGHT}n `, 4],
  ["nnnnnnnnn", 4],
  [`nnn${LEFT}p`, 1],
  ["p", 0],
  ["\u001b[F", 4],
  ["nn\u001b[H", 0],
  ["\u001bOF\u001bOD", 3],
  ["g3\r", 3],
  ["g#2\r", 2],
  ["gcharge\r", 3],
  ["g4\u007f1\r", 1],
  ["g4\u001b", 0],
  ["/timer\r", 4],
  ["/CHARGE\r", 2],
  ["/charge\r/\r", 3],
  ["/charge\r/\r/\r", 2],
  ["\u001b[99~\u001b[1;5Xzü", 0],
] as const)("%j leads to event %i", (typed, at) => {
  expect(after(typed)).toMatchObject({ at, prompt: undefined, isOver: false });
});

test("what cannot be is told, and the walk stays where it is", () => {
  expect(after("nng99\r")).toMatchObject({ at: 2, message: "There is nothing there." });
  expect(after("nngseq:\r").message).toMatch(/^Option at cannot be/);
  expect(after("nn/nothing\r")).toMatchObject({ at: 2, message: 'No event has "nothing".' });
  expect(after("nn/nothing\rn")).toMatchObject({ at: 3, message: "" });
});

test.each(["q", "\u001b", "\u0003", "g1\u0003", "\u0004"])("%j ends it", (typed) => {
  expect(after(typed).isOver).toBe(true);
});

test("letters that are typed at a prompt are text, also those that are keys otherwise", () => {
  expect(after("/nqgpü").prompt).toEqual({ kind: "search", text: "nqgpü" });
  expect(after(`/${"x".repeat(500)}`).prompt?.text).toHaveLength(200);
});

const VIEW: StepView = {
  run: "checkout:order-42",
  events: 4,
  event: "#3 StepCompleted charge#1",
  code: ["flows.ts:7", ">    7 await ctx.run(charge)"],
  asks: ["  timer nap#1  flows.ts:8"],
  state: Array.from({ length: 40 }, (_, at) => `state ${at}`),
};

test("the screen shows the event, its code, what follows and as much of the state as there is room for", () => {
  const lines = drawStep({ ...walkAt(3), scroll: 5 }, VIEW, { columns: 60, rows: 16 }, plain);
  expect(lines).toEqual([
    "checkout:order-42  event 3 of 4",
    "#3 StepCompleted charge#1",
    "",
    "flows.ts:7",
    ">    7 await ctx.run(charge)",
    "",
    "then the flow asked for",
    "  timer nap#1  flows.ts:8",
    "─".repeat(60),
    "state 5",
    "state 6",
    "state 7",
    "state 8",
    "…",
    "─".repeat(60),
    "→ n next  ← p back  g go to  / search  home end  ↑ ↓ scroll…",
  ]);
});

test("it never has more lines than rows, nor wider ones than columns, and ends with what is typed", () => {
  for (const rows of [1, 2, 5, 9, 30, 100]) {
    for (const columns of [1, 10, 200]) {
      const walk = after("/cha");
      const lines = drawStep({ ...walk, scroll: 1_000 }, VIEW, { columns, rows }, plain);
      expect(lines.length).toBeLessThanOrEqual(rows);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
      expect("/cha_".startsWith((lines.at(-1) ?? "").replace("…", ""))).toBe(true);
    }
  }
});

class FakeInput extends EventEmitter {
  readonly raw: boolean[] = [];
  isPaused = false;

  setRawMode(raw: boolean): void {
    this.raw.push(raw);
  }

  resume(): void {
    this.isPaused = false;
  }

  pause(): void {
    this.isPaused = true;
  }
}

class FakeOutput extends EventEmitter {
  columns = 80;
  rows = 24;
  written = "";

  write(text: string): void {
    this.written += text;
  }
}

test("a screen gives keys one by one, and leaves the terminal as it was, once", async () => {
  const [input, output] = [new FakeInput(), new FakeOutput()];
  const screen = new StepScreen(input, output);
  expect(output.written).toContain("\u001b[?1049h");
  screen.draw(["one", "two"]);
  expect(output.written).toContain("one\u001b[K\r\ntwo\u001b[K");
  input.emit("data", Buffer.from(`n${RIGHT}`));
  const letter = Buffer.from("ü");
  input.emit("data", letter.subarray(0, 1));
  input.emit("data", letter.subarray(1));
  output.emit("resize");
  for (const key of ["n", "right", "ü", "resize"]) expect(await screen.next()).toBe(key);
  const waiting = screen.next();
  screen.close();
  screen.close();
  expect(await waiting).toBeUndefined();
  expect(input.raw).toEqual([true, false]);
  expect(input.isPaused).toBe(true);
  expect(output.written.endsWith("\u001b[?25h\u001b[?1049l")).toBe(true);
  expect(input.listenerCount("data") + output.listenerCount("resize")).toBe(0);
});

test("a terminal that goes away ends the walk", async () => {
  const [input, output] = [new FakeInput(), new FakeOutput()];
  const screen = new StepScreen(input, output);
  input.emit("end");
  expect(await screen.next()).toBeUndefined();
  expect(input.raw).toEqual([true, false]);
});
