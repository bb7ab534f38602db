/** The end of chaos comes, whatever hangs. */
import { expect, test } from "vitest";
import { Ending } from "../../chaos/ending.mjs";
import { explained } from "../../chaos/gather-evidence.mjs";
import { within } from "../../chaos/patience.mjs";

const never = new Promise<never>(() => undefined);

/** One of them can be explained. */
const attach = (id: string): never =>
  ({
    explain: () => (id === "mixed:39" ? Promise.resolve({ reason: "waiting-for-signal" }) : never),
  }) as never;

test("what does not come in time is an error that names it, and what comes is given as it is", async () => {
  await expect(within("the log", 10, never)).rejects.toThrow("Did not come within 0.01 s: the log");
  await expect(within("the log", 60_000, Promise.resolve(7))).resolves.toBe(7);
  await expect(within("it", 60_000, Promise.reject(new Error("no")))).rejects.toThrow("no");
});

test("what cannot be closed keeps nothing else open, and is named at the end", async () => {
  const closed: string[] = [];
  const ending = new Ending(10);
  ending.defer("the servers", () => void closed.push("the servers"));
  ending.defer("the watch", () => never);
  ending.defer("a worker", () => Promise.reject(new Error("it is gone")));
  ending.defer("a client", () => void closed.push("a client"));
  await expect(ending.end()).rejects.toThrow(
    "Error: it is gone; Error: Did not come within 0.01 s: the end of the watch",
  );
  expect(closed).toEqual(["a client", "the servers"]);
});

test("runs that cannot be explained in time are named with that, beside those that can", async () => {
  const runs = Array.from({ length: 40 }, (_, at) => ({ id: `mixed:${at}` }));
  const reasons = await explained({ attach }, runs, 50);
  expect(reasons.size).toBe(40);
  expect(reasons.get("mixed:39")).toBe("waiting-for-signal");
  expect(reasons.get("mixed:0")).toMatch(/^it cannot be explained \(Did not come within/);
});
