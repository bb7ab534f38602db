import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { atEnd } from "./support/at-end.ts";
import { MILLRACE, millrace, start } from "./support/cli.ts";
import { projectFolder } from "./support/folder.ts";
import { until } from "./support/until.ts";

const FLOWS = `
import { flow } from "millrace";

export const order = flow("order", async (ctx, input) => {
  await ctx.emit("order.taken", { cart: input.cart });
  throw new Error("There is no van");
});
`;

let folder: string;
let url: string;

beforeAll(async () => {
  folder = await projectFolder({ "flows.ts": FLOWS });
  const server = await startNatsServer({ storeDir: join(folder, "nats") });
  url = server.url;
  atEnd(async () => server.stop());
  const worker = start([MILLRACE, "serve", "flows.ts", "-s", url], { cwd: folder });
  await worker.wrote(/Serving/);
});

async function run(...args: readonly string[]) {
  return millrace(args, { cwd: folder, env: { NATS_URL: url } });
}

test("what is told is printed by type, with why a run failed", async () => {
  await run("submit", "order", '{"cart": 7}', "--key", "o1", "--wait");
  const told = await until("the failure is told", async () => {
    const { stdout } = await run("events", "tail", "millrace.run.failed", "order.>");
    return stdout.includes("millrace.run.failed") ? stdout : undefined;
  });
  expect(told).toMatch(/order\.taken +order:o1 +\{"cart":7\}/);
  expect(told).toMatch(/millrace\.run\.failed +order:o1 +There is no van/);
  expect(told).not.toContain("millrace.run.pending");

  const { stdout } = await run("events", "tail", "order.taken", "--json");
  const event = JSON.parse(stdout) as { sequence: number };
  expect(event).toMatchObject({ specversion: "1.0", type: "order.taken", data: { cart: 7 } });
  const after = ["--after", String(event.sequence)];
  expect((await run("events", "tail", "order.taken", ...after)).stdout).toBe("");
  expect((await run("events", "tail", "no type")).code).toBe(2);
});

test("what an application tells is followed as it comes", async () => {
  const follow = start([MILLRACE, "events", "tail", "stock.*", "-f", "-s", url], { cwd: folder });
  let isPrinted = false;
  const printed = follow.wrote(/stock\.low +shelf 4 +\{"left":2\}/).then(() => {
    isPrinted = true;
  });
  // It begins with what is new: which that is, only it knows.
  await until("it is printed", async () => {
    await run("events", "emit", "stock.low", '{"left": 2}', "--subject", "shelf 4");
    return isPrinted ? true : undefined;
  });
  await printed;
  expect((await run("events", "emit", "millrace.run.failed")).code).toBe(2);
});

test("what is told and kept can be settled", async () => {
  expect((await run("events", "show")).stdout).toBe(
    "told of runs  every status\nkept          for 7d 00h, 1.0 GiB at most\n".replace("1.0", "1"),
  );
  const set = await run(
    "events",
    "set",
    "--statuses",
    "failed,crashed",
    "--max-age",
    "30d",
    "--max-bytes",
    "unlimited",
  );
  expect(set.stdout).toBe(
    "told of runs  failed, crashed\nkept          for 30d 00h, any number of bytes\n",
  );
  expect(JSON.parse((await run("events", "show", "--json")).stdout)).toEqual({
    statuses: ["failed", "crashed"],
    maxAgeMs: 2_592_000_000,
    maxBytes: 0,
  });
  expect((await run("events", "set", "--statuses", "happy")).code).toBe(2);
  expect((await run("events", "set")).code).toBe(2);
});
