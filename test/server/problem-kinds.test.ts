import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CODES_OF_OTHERS, PROBLEM_KINDS } from "../../src/server/http/problem-kinds.ts";

const SOURCES = join(import.meta.dirname, "..", "..", "src");

test("every error of Millrace is a problem with a status, or is known never to reach the API", () => {
  const codes = new Set<string>();
  for (const file of readdirSync(SOURCES, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts") || /^(?:cli|embedded|wire\/generated)/.test(file)) continue;
    const source = readFileSync(join(SOURCES, file), "utf8");
    for (const [, code = ""] of source.matchAll(/readonly code = "([A-Z_]+)"/g)) codes.add(code);
  }
  expect(codes.size).toBeGreaterThan(30);
  const missing = [...codes].filter(
    (code) => PROBLEM_KINDS[code] === undefined && !CODES_OF_OTHERS.includes(code),
  );
  expect(missing).toEqual([]);
});
