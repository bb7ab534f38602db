import { expect, test } from "vitest";
import { SCOPES, type Scope } from "../../src/engine/access-token.ts";
import { openApiBed } from "./support/api-bed.ts";
import { fill, OPERATIONS, scopeOf } from "./support/api-document.ts";

test("every operation is allowed with its scope and with admin, and with no other scope and no token", async () => {
  const bed = await openApiBed({ auth: "tokens", limits: { waitMs: 50 } });
  const tokens = new Map<string, string>([["a wrong token", `mr_0123456789ab_${"x".repeat(43)}`]]);
  for (const scope of SCOPES) tokens.set(scope, await bed.token(scope));
  const wrong: string[] = [];
  let asked = 0;
  for (const operation of OPERATIONS) {
    const { method, path, operationId } = operation;
    // Not for what it does: only for whether it may.
    const url = fill(path, { id: "nobody:0", name: "nothing" });
    for (const as of ["no token", ...tokens.keys()]) {
      const token = tokens.get(as);
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const { status } = await bed.ask(method, `/${url}`, bodyFor(method), headers);
      const expected = verdict(scopeOf(operation), as);
      const came = status === 401 || status === 403 ? status : "allowed";
      if (came !== expected) wrong.push(`${operationId} as ${as}: ${status}, not ${expected}`);
      asked++;
    }
  }
  expect(wrong).toEqual([]);
  expect(asked).toBe(OPERATIONS.length * (SCOPES.length + 2));
});

function verdict(scope: string | undefined, as: string): 401 | 403 | "allowed" {
  if (scope === undefined) return "allowed";
  if (!SCOPES.includes(as as Scope)) return 401;
  return as === scope || as === "admin" ? "allowed" : 403;
}

function bodyFor(method: string): unknown {
  return method === "GET" || method === "DELETE" ? undefined : {};
}
