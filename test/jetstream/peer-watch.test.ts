import { expect, test } from "vitest";
import { WatchField } from "./support/watch-field.ts";

/** A worker that holds 50 runs for a while, and others that hold nothing. */
async function fleet(...others: readonly string[]) {
  const field = new WatchField();
  const holder = field.start("host-1-holder");
  const rest = others.map((name) => field.start(name));
  field.hold(holder, 50);
  await field.clock.advance(5_000);
  return { field, holder, rest };
}

test("a worker that was killed is reported by one other, with all that it held, in less than half a second", async () => {
  const { field, holder } = await fleet("host-2-a", "host-3-b", "host-4-c");
  holder.state = "dead";
  await field.clock.advance(499);
  expect(field.reported).toHaveLength(1);
  expect(field.reported[0]?.peer.worker).toBe("host-1-holder");
  expect(field.reported[0]?.peer.held).toHaveLength(50);
  await field.clock.advance(60_000);
  expect(field.reported).toHaveLength(1);
});

test("it does not matter whether a question was under way when the worker died", async () => {
  for (let ms = 0; ms < 250; ms++) {
    const { field, holder } = await fleet("host-2-a");
    await field.clock.advance(ms);
    holder.state = "dead";
    await field.clock.advance(499);
    expect(field.reported, `killed ${ms} ms later`).toHaveLength(1);
  }
});

test("what is held by 10,000 runs is told in pieces, and then only what changes", async () => {
  const { field, holder } = await fleet("host-2-a");
  field.hold(holder, 10_000);
  await field.clock.advance(2_000);
  holder.held = holder.held.slice(40);
  await field.clock.advance(1_000);
  holder.state = "dead";
  await field.clock.advance(600);
  expect(field.reported[0]?.peer.held.map(({ sequence }) => sequence)).toEqual(
    holder.held.map(({ sequence }) => sequence),
  );
});

test("nobody is asked or looked for where runs are over within half a second", async () => {
  const field = new WatchField();
  const workers = ["host-1-a", "host-2-b", "host-3-c"].map((name) => field.start(name));
  for (let round = 0; round < 20; round++) {
    for (const worker of workers) {
      worker.held = [];
      field.hold(worker, 100);
    }
    await field.clock.advance(450);
  }
  expect([field.asked, field.sought]).toEqual([0, 0]);
});

test("a worker that holds nothing any more is asked nothing a while later", async () => {
  const { field, holder } = await fleet("host-2-a", "host-3-b");
  holder.held = [];
  await field.clock.advance(15_000);
  const { asked, sought } = field;
  await field.clock.advance(60_000);
  expect([field.asked, field.sought]).toEqual([asked, sought]);
});

test("a worker that is stopped is reported by nobody, and neither by whoever was stopped meanwhile", async () => {
  const { field, holder, rest } = await fleet("host-2-a", "host-3-b");
  holder.state = "stopped";
  await field.clock.advance(10_000);
  for (const one of rest) one.state = "stopped";
  await field.clock.advance(10_000);
  for (const one of rest) one.state = "lives";
  await field.clock.advance(10_000);
  holder.state = "lives";
  await field.clock.advance(10_000);
  expect(field.reported).toEqual([]);
  // And it is watched again.
  holder.state = "dead";
  await field.clock.advance(600);
  expect(field.reported).toHaveLength(1);
});

test("a worker whose event loop is blocked is watched as before, and does not volunteer", async () => {
  const field = new WatchField();
  const holder = field.start("host-1-holder");
  const blocked = field.start("host-2-blocked");
  const other = field.start("host-3-other");
  blocked.isBlocked = true;
  holder.isBlocked = true;
  field.hold(holder, 50);
  await field.clock.advance(20_000);
  expect(field.reported).toEqual([]);
  holder.state = "dead";
  await field.clock.advance(600);
  expect(field.reported.map(({ by }) => by)).toEqual([other.name]);
});

test("nobody is reported after a broker restart, however late the others come back", async () => {
  const { field, holder, rest } = await fleet("host-2-a", "host-3-b");
  for (const late of [100, 2_000, 8_000]) {
    for (const first of [holder, ...rest]) {
      await field.reconnect(first, late);
      await field.clock.advance(5_000);
    }
  }
  expect(field.reported).toEqual([]);
});

test("a worker that lost its connection alone, and has it again at once, is not reported", async () => {
  const { field, holder } = await fleet("host-2-a", "host-3-b");
  for (let round = 0; round < 50; round++) {
    holder.state = "away";
    await field.clock.advance(120);
    holder.state = "lives";
    await field.clock.advance(700 + round * 7);
  }
  expect(field.reported).toEqual([]);
});

test("when the first watcher dies with the one that it watches, the second one reports it", async () => {
  const { field, holder, rest } = await fleet("host-2-a", "host-3-b", "host-4-c");
  const asked = new Map<string, number>();
  for (const one of rest) {
    const answer = one.watch.answer({ ask: "takes", worker: holder.name });
    asked.set(one.name, answer.answer === "yes" ? 1 : 0);
  }
  const first = rest.find(({ name }) => asked.get(name) === 1);
  if (first === undefined) throw new Error("Nobody is the first watcher");
  first.state = "dead";
  holder.state = "dead";
  await field.clock.advance(3_000);
  expect(field.reported.map(({ peer }) => peer.worker)).toEqual([holder.name]);
});

test("a first watcher whose event loop is blocked leaves it to the second one, which reports it too", async () => {
  const { field, holder, rest } = await fleet("host-2-a", "host-3-b");
  for (const one of rest) {
    const answer = one.watch.answer({ ask: "takes", worker: holder.name });
    if (answer.answer === "yes") one.isBlocked = true;
  }
  holder.state = "dead";
  await field.clock.advance(3_000);
  expect(new Set(field.reported.map(({ by }) => by)).size).toBe(2);
});

test("a worker that leaves with all handed over is reported by nobody, and one that still holds something is", async () => {
  const { field, holder } = await fleet("host-2-a", "host-3-b");
  const hasty = field.start("host-4-hasty");
  field.hold(hasty, 2);
  await field.clock.advance(3_000);
  await field.clock.until(hasty.watch.leave());
  hasty.state = "dead";
  await field.clock.advance(600);
  expect(field.reported.map(({ peer }) => peer.worker)).toEqual([hasty.name]);

  holder.held = [];
  const left = holder.watch.leave();
  await field.clock.until(left);
  holder.state = "dead";
  await field.clock.advance(60_000);
  expect(field.reported.map(({ peer }) => peer.worker)).not.toContain(holder.name);
});

test("workers of one process do not watch each other", async () => {
  const { field, holder, rest } = await fleet("host-1-same");
  expect(field.asked).toBe(0);
  field.start("host-2-other");
  await field.clock.advance(3_000);
  for (const one of [holder, ...rest]) one.state = "dead";
  await field.clock.advance(600);
  expect(field.reported.map(({ by }) => by)).toEqual(["host-2-other"]);
});

test("of twenty workers that hold runs none is watched by more than a few, and none by none", async () => {
  const field = new WatchField();
  const workers = Array.from({ length: 20 }, (_, at) => field.start(`host-${at}-w`));
  for (const worker of workers) {
    field.hold(worker, 5);
    await field.clock.advance(300);
  }
  await field.clock.advance(10_000);
  const asked = field.asked;
  await field.clock.advance(10_000);
  // Each is asked five times a second by its first watcher and once a second by its second one.
  expect((field.asked - asked) / 10 / 20).toBeLessThanOrEqual(6.5);
  for (const worker of workers.slice(0, 10)) worker.state = "dead";
  await field.clock.advance(5_000);
  const reported = field.reported.map(({ peer }) => peer.worker);
  expect(new Set(reported).size).toBe(reported.length);
  expect(reported.length).toBeGreaterThan(0);
});

test("a worker that died while the broker was away is asked again and again until it is forgotten, but by one question at a time", async () => {
  const { field, holder, rest } = await fleet("host-2-a");
  holder.state = "dead";
  for (const one of rest) one.watch.distrust();
  const { asked } = field;
  await field.clock.advance(15_000);
  // Five a second, and one after each that said that nobody listens.
  expect(field.asked - asked).toBeLessThan(15 * (5 + 7));
  expect(field.reported).toEqual([]);
});
