import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
// @ts-expect-error -- a script without types
import { typesOf } from "../../scripts/openapi-types.mjs";
import { PROBLEM_KINDS } from "../../src/server/http/problem-kinds.ts";
import { openApiBed } from "./support/api-bed.ts";
import { DOCUMENT, OPERATIONS, scopeOf } from "./support/api-document.ts";

const ROOT = join(import.meta.dirname, "..", "..");

test("openapi.json is what the server serves (if not: npm run build && npm run api)", async () => {
  const bed = await openApiBed();
  const served = await bed.get("/openapi.json");
  const committed: unknown = JSON.parse(readFileSync(join(ROOT, "openapi.json"), "utf8"));
  expect(served.body).toEqual(committed);
});

test("the typed client is made of openapi.json (if not: npm run api)", async () => {
  const types: unknown = await typesOf(structuredClone(DOCUMENT));
  expect(readFileSync(join(ROOT, "src/api-client/schema.ts"), "utf8")).toBe(types);
});

test("every operation has an id of its own, says what it does, and which scope it needs", () => {
  expect(DOCUMENT.openapi).toBe("3.1.0");
  const ids = OPERATIONS.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const operation of OPERATIONS) {
    const { operationId, summary, tags } = operation;
    expect({ operationId, summary, tags }).toEqual({
      operationId: expect.stringMatching(/^[a-z][A-Za-z]+$/),
      summary: expect.stringMatching(/^[A-Z].{8,}[^.]$/),
      tags: [expect.any(String)],
    });
    expect([undefined, "read", "submit", "control", "admin"]).toContain(scopeOf(operation));
  }
});

test("only probes, the document and what verifies its senders itself are open to everybody", () => {
  const open = OPERATIONS.filter((one) => scopeOf(one) === undefined).map(({ path }) => path);
  expect(open.toSorted()).toEqual(["/api/v1/openapi.json", "/hooks/{name}", "/livez", "/readyz"]);
});

test("a type of a problem is made of its code, and each code has a status and a title", () => {
  for (const [code, { status, title }] of Object.entries(PROBLEM_KINDS)) {
    expect(code).toMatch(/^[A-Z][A-Z_]+$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(title).toMatch(/^[A-Z]/);
  }
});
