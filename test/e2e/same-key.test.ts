/** One key, submitted from two processes at the same moment: one run. */
import { beforeEach, expect, test } from "vitest";
import type { Answer, ClientProcess } from "./support/client-process.ts";
import { soundHistory } from "./support/sound-history.ts";
import { KEEPING, type TestBed, testBeds } from "./support/test-bed.ts";

const beds = testBeds();
const ROUNDS = 50;
let bed: TestBed;
let clients: readonly [ClientProcess, ClientProcess];

beforeEach(async () => {
  bed = await beds.open();
  clients = await Promise.all([bed.client(), bed.client()]);
  await bed.worker("gated", { serve: KEEPING });
});

test("two processes that submit one key at the same moment get the same run and the same result (I1)", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const [one, other] = await both("submitAndWait", { key: `key-${round}` });
    expect(one.error).toBeUndefined();
    expect(other).toMatchObject({ value: one.value });
    const run = `quick:key-${round}`;
    expect(bed.ledger.counts(run)).toEqual({ "only#1": 1 });
    await soundHistory(bed.millrace, run);
  }
});

test("of two processes that insist on a new run of one key, exactly one is refused (I1)", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const answers = await both("submit", { key: `key-${round}`, ifExists: "reject" });
    expect(answers.map(({ error }) => error?.code ?? "accepted").toSorted()).toEqual([
      "RUN_EXISTS",
      "accepted",
    ]);
    await bed.millrace.attach(`quick:key-${round}`).result({ timeout: "60s" });
    expect(bed.ledger.counts(`quick:key-${round}`)).toEqual({ "only#1": 1 });
  }
});

/** Each submits an input of its own, so that the result tells whose run it was. */
function both(how: "submit" | "submitAndWait", options: object): Promise<[Answer, Answer]> {
  const [one, other] = clients;
  return Promise.all([one[how]("quick", "one", options), other[how]("quick", "other", options)]);
}
