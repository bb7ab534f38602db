/** What finds its way into tables and beside carets. */
import fc from "fast-check";
import picocolors from "picocolors";
import { expect, test } from "vitest";
import { statsLines } from "../../src/cli/commands/stats.ts";
import { queryErrorLines } from "../../src/cli/render-query-error.ts";
import { runListLines } from "../../src/cli/render-run-list.ts";
import { tableLines } from "../../src/cli/render-table.ts";
import { treeLines } from "../../src/cli/render-tree.ts";
import { cutToWidth, textWidth } from "../../src/cli/text-width.ts";
import { parseRunQuery, QueryError, type RunSummary, type RunTree } from "../../src/index.ts";

const colors = picocolors.createColors(false);
const NOON = Date.parse("2026-05-04T12:00:00Z");

test.each([
  ["flow:checkout stauts:failed", "  flow:checkout stauts:failed", "                ^~~~~~"],
  ["flow:a,", "  flow:a,", "         ^"],
  ["日本 stauts:x", "  日本 stauts:x", "       ^~~~~~"],
  ["\u001b[2J stauts:x", "  \\u001b[2J stauts:x", "            ^~~~~~"],
])("the caret of %j stands under what is wrong", (query, shown, caret) => {
  expect(queryErrorLines(errorOf(query))).toEqual([shown, caret]);
});

test("of a long query only what is around the caret is shown", () => {
  const query = `"${"x".repeat(500)}" stauts:failed "${"y".repeat(500)}"`;
  const [shown = "", caret = ""] = queryErrorLines(errorOf(query));
  expect(textWidth(shown)).toBeLessThan(100);
  expect(shown.slice(caret.indexOf("^"), caret.indexOf("^") + 6)).toBe("stauts");
});

test("a table takes no more room than the terminal has, as far as its columns may be cut", () => {
  const cell = fc
    .string({ unit: "grapheme", maxLength: 60 })
    .map((text) => ({ text: text.replaceAll(/\s/g, "-") }));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 }),
      fc.integer({ min: 30, max: 200 }),
      (rows, width) => {
        const columns = [
          { title: "one", shrinkTo: 4 },
          { title: "two", shrinkTo: 0 },
          { title: "3", shrinkTo: 4 },
        ];
        for (const line of tableLines(columns, rows, { width, colors })) {
          expect(textWidth(line)).toBeLessThanOrEqual(width);
        }
      },
    ),
  );
});

test("without a terminal nothing is cut, and what is empty takes no room", () => {
  const long = "x".repeat(500);
  const columns = [
    { title: "run", shrinkTo: 4 },
    { title: "queue" },
    { title: "took", align: "right" as const },
  ];
  const rows = [[{ text: long }, { text: "" }, { text: "1s" }]];
  expect(tableLines(columns, rows, { width: undefined, colors })).toEqual([
    `run${" ".repeat(499)}took`,
    `${long}    1s`,
  ]);
});

test.each([
  ["abc", 3, "abc"],
  ["abcd", 3, "ab…"],
  ["日本語", 5, "日本…"],
  ["日本語", 4, "日…"],
  ["abc", 0, ""],
])("%s in %d columns is %s", (text, width, cut) => {
  expect(cutToWidth(text, width)).toBe(cut);
});

test("a listed run shows its age, how long it took, and what matters most about it", () => {
  const lines = runListLines(
    [
      summary("a", {
        status: "failed",
        closed: true,
        error: { name: "TypeError", message: "no\nstock", fingerprint: "" },
      }),
      summary("b", {
        status: "suspended",
        waitingFor: ["signal go"],
        queue: "slow",
        closedAt: undefined,
      }),
      summary("c\u001b[2J", {
        status: "running",
        worker: "w1",
        progress: { done: 1, total: 2, message: "" },
      }),
    ],
    NOON + 60_000,
    { colors, width: undefined },
  );
  expect(lines[1]).toMatch(/^checkout:a +failed +1m 00s +5\.0s +TypeError: no stock$/);
  expect(lines[2]).toMatch(/^checkout:b +suspended +1m 00s +59\.0s +slow +waits for signal go$/);
  expect(lines[3]).toMatch(/^checkout:c\\u001b\[2J +running +1m 00s +5\.0s +1 of 2, on w1$/);
});

test("a family is drawn as a tree, and says how many are not shown", () => {
  const child = (id: string, more: Partial<RunTree> = {}): RunTree => ({
    ...NODE,
    id,
    command: `${id}#1`,
    ...more,
  });
  const tree: RunTree = {
    ...NODE,
    id: "nightly:1",
    children: [
      child("a", { children: [child("c")] }),
      child("b", { status: "suspended", closedAt: undefined, waitingFor: ["signal go"], more: 3 }),
    ],
    more: 7,
  };
  expect(treeLines(tree, NOON + 9_000, colors)).toEqual([
    "nightly:1  completed  5.0s",
    "├─ a#1 a  completed  5.0s",
    "│  └─ c#1 c  completed  5.0s",
    "├─ b#1 b  suspended  9.0s  waits for signal go",
    "│  └─ … 3 not shown",
    "└─ … 7 more not shown",
  ]);
});

test("counts are a line a flow, a column for each status that some run has, and a sum", () => {
  const stats = [
    { flow: "ship", queue: "slow", status: "failed" as const, count: 1_234 },
    { flow: "checkout", queue: "checkout", status: "completed" as const, count: 7 },
    { flow: "checkout", queue: "checkout", status: "failed" as const, count: 1 },
  ];
  expect(statsLines(stats, { colors, width: undefined })).toEqual([
    "flow      queue  completed  failed    all",
    "checkout                 7       1      8",
    "ship      slow               1,234  1,234",
    "all                      7   1,235  1,242",
  ]);
});

const NODE: RunTree = {
  id: "x",
  command: "",
  status: "completed",
  worker: "",
  startedAt: new Date(NOON),
  closedAt: new Date(NOON + 5_000),
  waitingFor: [],
  progress: undefined,
  children: [],
  more: 0,
};

function summary(key: string, changes: Partial<RunSummary>): RunSummary {
  return {
    id: `checkout:${key}`,
    flow: "checkout",
    key,
    queue: "checkout",
    status: "completed",
    closed: false,
    parent: undefined,
    root: `checkout:${key}`,
    depth: 0,
    submittedAt: new Date(NOON),
    startAt: undefined,
    deadlineAt: undefined,
    startedAt: new Date(NOON + 1_000),
    updatedAt: new Date(NOON),
    closedAt: new Date(NOON + 6_000),
    epoch: 1,
    takeOvers: 0,
    crashes: 0,
    worker: "",
    version: "",
    wakeAt: undefined,
    waitingFor: [],
    tags: [],
    attributes: {},
    progress: undefined,
    parked: undefined,
    cancelReason: undefined,
    error: undefined,
    archived: false,
    ...changes,
  };
}

function errorOf(query: string): QueryError {
  try {
    parseRunQuery(query, NOON);
  } catch (error) {
    if (error instanceof QueryError) return error;
  }
  throw new Error(`${query} was understood`);
}
