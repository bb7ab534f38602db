import picocolors from "picocolors";
import { describe, expect, test } from "vitest";
import { humanBytes, humanDuration } from "../../src/cli/human-time.ts";
import { jsonText } from "../../src/cli/json-of.ts";
import { localImports } from "../../src/cli/local-imports.ts";
import { humanLogLine } from "../../src/cli/log-stream.ts";
import { printable, printableJson, printableLines } from "../../src/cli/printable.ts";
import { errorLines } from "../../src/cli/render-error.ts";
import { projectFolder } from "./support/folder.ts";

const plain = picocolors.createColors(false);

describe("text from outside", () => {
  test.each([
    ["an escape sequence", "\u001b[31mred", String.raw`\u001b[31mred`],
    ["a C1 control", "a\u009b2J", String.raw`a\u009b2J`],
    ["a line break", "a\r\nb", String.raw`a\u000d\u000ab`],
    ["text that reorders its neighbours", "a\u202eb", String.raw`a\u202eb`],
    ["a delete", "a\u007f", String.raw`a\u007f`],
  ])("%s is shown as an escape", (_, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test("letters of any script and emoji stay as they are", () => {
    expect(printable("žluťoučký 注文 🫖 é")).toBe("žluťoučký 注文 🫖 é");
  });

  test("a stack keeps its lines", () => {
    expect(printableLines("a\n\tb\u001b")).toBe(`a\n\tb${String.raw`\u001b`}`);
  });

  test("JSON means the same after its controls are escaped", () => {
    const value = { text: "\u001b \u009b \u2028 \u202e \u007f" };
    const json = printableJson(JSON.stringify(value));
    expect(json).toMatch(/^[ -~]+$/);
    expect(JSON.parse(json)).toEqual(value);
  });
});

describe("JSON of values that JSON lacks", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  test.each([
    ["nothing at all", undefined, "null"],
    ["bytes", Uint8Array.of(1, 2), '"AQI="'],
    ["a date that is none", new Date(Number.NaN), "null"],
    ["a map", new Map([["a", 1n]]), '[["a","1"]]'],
    ["a cycle", circle, '{"self":"[circular]"}'],
    ["the same object twice", [plain.dim, 1].slice(1).concat([1]), "[1,1]"],
  ])("%s", (_, value, json) => {
    expect(jsonText(value)).toBe(json);
  });

  test("an error keeps its name, data and causes", () => {
    const error = Object.assign(new TypeError("no", { cause: new Error("inner") }), { sku: 7 });
    expect(JSON.parse(jsonText(error))).toMatchObject({
      name: "TypeError",
      message: "no",
      sku: 7,
      cause: { name: "Error", message: "inner" },
    });
  });
});

test.each([
  [0, "0ms"],
  [999, "999ms"],
  [1_000, "1.0s"],
  [59_999, "59.9s"],
  [60_000, "1m 00s"],
  [3_599_999, "59m 59s"],
  [7_260_000, "2h 01m"],
  [90_000_000, "1d 01h"],
])("%d ms is %s", (ms, text) => {
  expect(humanDuration(ms)).toBe(text);
});

test.each([
  [512, "512 B"],
  [1_536, "1.5 KiB"],
  [1_048_576, "1 MiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(humanBytes(bytes)).toBe(text);
});

test("causes are told in order, and a cycle of causes ends", () => {
  const inner = new Error("inner");
  inner.cause = inner;
  const lines = errorLines(new TypeError("outer", { cause: inner }), {
    dim: plain.dim,
    stacks: false,
  });
  expect(lines.slice(0, 2)).toEqual(["TypeError: outer", "caused by: Error: inner"]);
  expect(lines.length).toBeLessThan(50);
});

describe("log lines for people", () => {
  test("tell level, message and what belongs to it, without control characters", () => {
    const entry = {
      level: 40,
      time: 0,
      pid: 1,
      msg: "late\u001b[2J",
      run: "a:b",
      err: { stack: "Error: x\n  at y" },
    };
    const line = humanLogLine(JSON.stringify(entry), plain);
    expect(line).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}late\\u001b\[2J run=a:b\n/);
    expect(line.split("\n").slice(1)).toEqual(["    Error: x", "      at y"]);
  });

  test("a line that is no log entry is shown as it is", () => {
    expect(humanLogLine("hello\n", plain)).toBe("hello");
  });
});

test("local imports are followed, also of a broken file, and packages are not", async () => {
  const folder = await projectFolder({
    "a.ts": 'import { b } from "./b.js";\nimport x from "millrace";\nexport const = ;',
    "b.ts": "export * from './c/index.js'; const d = await import(\"./d\"); require('./e.json')",
    "d.mts": 'import "./a.ts"; import "./missing.js";',
    "e.json": "{}",
  });
  const found = [...(await localImports(`${folder}/a.ts`))].map((file) =>
    file.slice(folder.length),
  );
  expect(found.toSorted()).toEqual(["/a.ts", "/b.ts", "/d.mts", "/e.json", "/missing.ts"]);
});
