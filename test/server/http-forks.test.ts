import { expect, test } from "vitest";
import { flow } from "../../src/definition/flow.ts";
import { openApiBed } from "./support/api-bed.ts";

const done: string[] = [];
const bill = flow("bill", async (ctx, input: { readonly amount: number }) => {
  const net = await ctx.step("net", () => {
    done.push(`${ctx.runId} net`);
    return input.amount;
  });
  const tax = await ctx.step("tax", () => {
    done.push(`${ctx.runId} tax`);
    return net / 5;
  });
  return { net, tax };
});

test("a run is forked over HTTP: 201 when the fork is new, 200 when it was there", async () => {
  const bed = await openApiBed({ flows: [bill] });
  await bed.post("/runs", { flow: "bill", input: { amount: 10 }, key: "b1" });
  await bed.get("/runs/bill:b1/result?wait=60s");
  const asked = { from: "tax", set: { net: 20 }, key: "b2" };
  expect(await bed.post("/runs/bill:b1/fork/plan", asked)).toMatchObject({
    status: 200,
    body: { origin: "bill:b1", id: "bill:b2", keeps: ["net#1"], sets: ["net"], drops: ["tax#1"] },
  });
  const first = await bed.post("/runs/bill:b1/fork", asked);
  expect(first).toMatchObject({ status: 201, body: { id: "bill:b2", isNew: true } });
  expect(first.headers.get("location")).toBe("/api/v1/runs/bill%3Ab2");
  expect(await bed.post("/runs/bill:b1/fork", asked)).toMatchObject({ status: 200 });
  expect((await bed.get("/runs/bill:b2/result?wait=60s")).body).toMatchObject({
    output: { net: 20, tax: 4 },
  });
  expect(done.filter((line) => line.startsWith("bill:b2"))).toEqual(["bill:b2 tax"]);
  const details = await bed.get("/runs/bill:b2/details");
  expect(details.body).toMatchObject({ origin: { runId: "bill:b1" } });
});

test("a run is run again over HTTP with another input", async () => {
  const bed = await openApiBed({ flows: [bill] });
  await bed.post("/runs", { flow: "bill", input: { amount: 10 }, key: "c1" });
  const again = await bed.post("/runs/bill:c1/rerun", { input: { amount: 50 }, key: "c2" });
  expect(again).toMatchObject({ status: 201, body: { id: "bill:c2" } });
  expect((await bed.get("/runs/bill:c2/result?wait=60s")).body).toMatchObject({
    output: { net: 50, tax: 10 },
  });
});

test("what cannot be forked is answered with a problem", async () => {
  const bed = await openApiBed({ flows: [bill] });
  await bed.post("/runs", { flow: "bill", input: { amount: 10 }, key: "d1" });
  await bed.get("/runs/bill:d1/result?wait=60s");
  expect(await bed.post("/runs/bill:none/fork", {})).toMatchObject({
    status: 404,
    body: { code: "RUN_NOT_FOUND" },
  });
  expect(await bed.post("/runs/bill:d1/fork", { from: "pay" })).toMatchObject({
    body: { code: "EVENT_NOT_FOUND" },
  });
  expect(await bed.post("/runs/bill:d1/fork", { from: "tax", key: "d1" })).toMatchObject({
    status: 409,
    body: { code: "RUN_EXISTS" },
  });
});
