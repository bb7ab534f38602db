import { expect, onTestFinished, test } from "vitest";
import { Millrace, schedule } from "../../../src/index.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import { BusSubjects } from "../../../src/wire/bus-subjects.ts";
import { at, HOUR, keyAt, MINUTE, ScheduleWorld, SECOND } from "./support/schedule-world.ts";

test("a schedule in code submits one run for each due time, whoever serves it", async () => {
  const world = new ScheduleWorld();
  const minutely = schedule("minutely", { flow: world.job, cron: "* * * * *", tags: ["team:a"] });
  for (let workers = 0; workers < 3; workers++) await world.worker([minutely]);
  await world.clock.advance(5 * MINUTE);
  const due = ["00:01:00", "00:02:00", "00:03:00", "00:04:00", "00:05:00"];
  expect(world.submitted()).toEqual(due.map((time) => keyAt("minutely", time)));
  expect(world.executed.map(({ at: began }) => began)).toEqual(due.map(at));
  const { tags, metadata } = await world.clock.until(
    world.millrace.attach(`job:${keyAt("minutely", "00:03:00")}`).details(),
  );
  expect(tags).toEqual(["team:a", "schedule:minutely"]);
  expect(metadata).toMatchObject({
    "millrace.schedule": "minutely",
    "millrace.due": "2026-05-04T00:03:00.000Z",
  });
});

test("an interval has milliseconds in its keys where it has any", async () => {
  const world = new ScheduleWorld();
  await world.worker();
  await world.put({ name: "often", flow: "job", every: "1500ms", from: at("00:00:31") });
  await world.clock.advance(5 * SECOND);
  expect(world.submitted()).toEqual([
    "often-20260504T000031Z",
    "often-20260504T000032500Z",
    "often-20260504T000034Z",
  ]);
  expect(world.executed.map(({ at: began }) => began % 10_000)).toEqual([1_000, 2_500, 4_000]);
});

test("nothing is submitted while it is paused, and it goes on from when it is resumed", async () => {
  const world = new ScheduleWorld();
  const { clock, millrace } = world;
  const minutely = schedule("minutely", { flow: world.job, cron: "* * * * *", catchUp: "all" });
  await world.worker([minutely]);
  await clock.advance(MINUTE);
  const paused = await clock.until(millrace.schedules.pause("minutely", "too loud"));
  expect(paused.paused).toEqual({ reason: "too loud", at: new Date(clock.now()) });
  await clock.advance(3 * MINUTE);
  // Code never takes a pause away.
  await world.worker([minutely]);
  await clock.advance(MINUTE);
  expect(world.submitted()).toEqual([keyAt("minutely", "00:01:00")]);
  await clock.until(millrace.schedules.resume("minutely"));
  await clock.advance(MINUTE);
  expect(world.submitted().slice(1)).toEqual([keyAt("minutely", "00:06:00")]);
});

test("due times of a spec that was changed are not submitted any more", async () => {
  const world = new ScheduleWorld();
  const { clock } = world;
  await world.worker();
  await world.put({ name: "s", flow: "job", cron: "*/2 * * * *" });
  await clock.advance(MINUTE);
  await world.put({ name: "s", flow: "job", cron: "1-59/2 * * * *" });
  await clock.advance(4 * MINUTE);
  expect(world.submitted()).toEqual([keyAt("s", "00:03:00"), keyAt("s", "00:05:00")]);
  const { version, nextAt } = await clock.until(world.millrace.schedules.get("s"));
  expect({ version, nextAt }).toEqual({ version: 2, nextAt: new Date(at("00:07:00")) });
});

test("what is changed beside the times leaves the next due time as it is", async () => {
  const world = new ScheduleWorld();
  const { clock, millrace } = world;
  await world.put({ name: "s", flow: "job", every: "1m", catchUp: "all" });
  await clock.advance(5 * MINUTE);
  await world.put({ name: "s", flow: "job", every: "1m", catchUp: "all", input: { v: 2 } });
  await world.worker();
  await clock.advance(SECOND);
  expect(world.submitted()).toHaveLength(5);
  const details = await clock.until(millrace.attach(`job:${keyAt("s", "00:01:00")}`).details());
  expect(details.input).toEqual({ v: 2 });
});

test("a schedule that was removed submits nothing, and can be made again", async () => {
  const world = new ScheduleWorld();
  const { clock, millrace } = world;
  await world.worker();
  await world.put({ name: "s", flow: "job", cron: "* * * * *" });
  await clock.advance(MINUTE);
  await clock.until(millrace.schedules.remove("s"));
  await expect(clock.until(millrace.schedules.get("s"))).rejects.toMatchObject({
    code: "SCHEDULE_NOT_FOUND",
  });
  await clock.advance(3 * MINUTE);
  expect(world.submitted()).toHaveLength(1);
  await world.put({ name: "s", flow: "job", cron: "* * * * *" });
  await clock.advance(MINUTE);
  expect(world.submitted().slice(1)).toEqual([keyAt("s", "00:05:00")]);
});

test("a schedule moves to another flow with the next due time", async () => {
  const world = new ScheduleWorld();
  const { clock } = world;
  await world.worker();
  await world.put({ name: "s", flow: "slow", cron: "* * * * *" });
  await clock.advance(29 * SECOND + 500);
  await world.put({ name: "s", flow: "job", cron: "* * * * *" });
  await clock.advance(MINUTE);
  expect(world.executed.map(({ key }) => key)).toEqual(
    [keyAt("s", "00:01:00"), keyAt("s", "00:02:00")].slice(0, world.executed.length),
  );
  expect(world.submitted()).toEqual([keyAt("s", "00:01:00")]);
  const job = world.millrace.attach(`job:${keyAt("s", "00:01:00")}`);
  expect((await clock.until(job.state())).status).toBe("completed");
});

test("jitter is the same for the same due time, and runs are never earlier or later than it allows", async () => {
  const began: (readonly number[])[] = [];
  for (let times = 0; times < 2; times++) {
    const world = new ScheduleWorld();
    await world.worker();
    await world.put({ name: "spread", flow: "job", cron: "*/5 * * * *", jitter: "2m" });
    await world.clock.advance(HOUR + 2 * MINUTE);
    expect(world.submitted()).toHaveLength(12);
    began.push(world.executed.map(({ at: time }) => time));
  }
  const [first = [], second] = began;
  expect(first).toEqual(second);
  const late = first.map((time) => time - Math.floor(time / (5 * MINUTE)) * 5 * MINUTE);
  expect(Math.max(...late)).toBeLessThanOrEqual(2 * MINUTE);
  expect(new Set(late).size).toBeGreaterThan(8);
});

test("a schedule begins by the broker's clock, whatever that of the machine says that puts or resumes it", async () => {
  for (const awayMs of [-2 * HOUR, 2 * HOUR]) {
    const world = new ScheduleWorld();
    const { clock } = world;
    const wrong = (right: Clock): Clock => ({
      now: () => right.now() + awayMs,
      after: (ms, call) => right.after(ms, call),
    });
    const inCode = schedule("code", { flow: world.job, cron: "* * * * *" });
    await world.worker([inCode], wrong);
    const client = world.broker.connect();
    onTestFinished(() => client.crash());
    const { schedules } = new Millrace(client, wrong(client.clock));
    await clock.until(schedules.put({ name: "api", flow: "job", cron: "* * * * *" }));
    await clock.advance(MINUTE);
    await clock.until(schedules.pause("api"));
    await clock.advance(3 * MINUTE);
    await clock.until(schedules.resume("api"));
    await clock.advance(MINUTE);
    const of = (name: string): readonly string[] =>
      world.submitted().filter((key) => key.startsWith(name));
    expect(of("api")).toEqual([keyAt("api", "00:01:00"), keyAt("api", "00:05:00")]);
    expect(of("code")).toEqual([1, 2, 3, 4, 5].map((minute) => keyAt("code", `00:0${minute}:00`)));
    expect(await world.systemEvents("schedule.skipped")).toEqual([]);
  }
});

test("an input that the flow refuses skips its due time, with an event that says why", async () => {
  const world = new ScheduleWorld();
  const { clock } = world;
  await world.worker();
  await world.put({ name: "s", flow: "job", cron: "* * * * *", tags: ["x"], queue: "job" });
  // Anybody may have written the record: what nobody can submit holds nothing up.
  const { control } = world.millrace.broker;
  const stored = await clock.until(control.read("schedule.s"));
  const record = JSON.parse(new TextDecoder().decode(stored?.data)) as { spec: object };
  const spoilt = { ...record, spec: { ...record.spec, tags: ["x".repeat(999)] } };
  const bytes = new TextEncoder().encode(JSON.stringify(spoilt));
  await clock.until(control.write("schedule.s", bytes, stored?.revision ?? 0));
  await clock.advance(2 * MINUTE);
  expect(world.submitted()).toEqual([]);
  const events = await world.systemEvents("schedule.skipped");
  expect(events).toMatchObject([
    {
      schedule: "s",
      flow: "job",
      reason: "refused",
      firstDue: "2026-05-04T00:01:00.000Z",
      count: 1,
    },
    { firstDue: "2026-05-04T00:02:00.000Z" },
  ]);
});

test("an order that was lost is made again, and the due time is caught up with", async () => {
  const world = new ScheduleWorld();
  const { clock, millrace } = world;
  await world.worker();
  await world.put({ name: "s", flow: "job", cron: "*/10 * * * *", catchUp: "skip" });
  await clock.until(millrace.broker.bus.withdraw(new BusSubjects("test").scheduleOrder("s")));
  await clock.advance(12 * MINUTE);
  // Found within a minute and a bit: in time for it to count.
  expect(world.submitted().length).toBeLessThanOrEqual(1);
  await clock.advance(10 * MINUTE);
  expect(world.submitted().at(-1)).toBe(keyAt("s", "00:20:00"));
});

test("a due time that waits for a worker is not ordered again by those who look for lost ones", async () => {
  const world = new ScheduleWorld();
  const { clock, millrace } = world;
  await world.worker();
  await world.put({ name: "s", flow: "unserved", cron: "* * * * *" });
  await clock.advance(20 * MINUTE);
  const { bus } = millrace.broker;
  const due = new BusSubjects("test").scheduleDue("*", "*");
  const waiting = await clock.until(bus.subjects(bus.streams.ingress, due));
  expect([...waiting.values()]).toEqual([1]);
});

test("backfill submits what has no run yet, once, under the keys of the due times", async () => {
  const world = new ScheduleWorld();
  const { clock, millrace } = world;
  await world.worker();
  await world.put({ name: "s", flow: "job", cron: "* * * * *" });
  await clock.advance(2 * MINUTE);
  const window = { from: at("00:00:00"), to: at("00:03:00") };
  const runs = await clock.until(millrace.schedules.backfill("s", window));
  expect(runs.map(({ run, isNew }) => [run, isNew])).toEqual([
    [`job:${keyAt("s", "00:00:00")}`, true],
    [`job:${keyAt("s", "00:01:00")}`, false],
    [`job:${keyAt("s", "00:02:00")}`, false],
  ]);
  const again = await clock.until(millrace.schedules.backfill("s", window));
  expect(again.map(({ isNew }) => isNew)).toEqual([false, false, false]);
  const tooMany = clock.until(millrace.schedules.backfill("s", { ...window, limit: 2 }));
  await expect(tooMany).rejects.toMatchObject({ code: "INVALID_OPTION" });
  expect(world.submitted()).toHaveLength(3);
});

test("trigger submits a run of its own, and the same key the same run", async () => {
  const world = new ScheduleWorld();
  const { clock, millrace } = world;
  await world.worker();
  await world.put({ name: "s", flow: "job", cron: "0 0 1 1 *", input: { days: 1 } });
  await clock.until(millrace.schedules.pause("s"));
  const run = await clock.until(millrace.schedules.trigger("s"));
  expect(run.id).toMatch(/^job:s-now-/);
  const one = await clock.until(millrace.schedules.trigger("s", { key: "mine" }));
  const other = await clock.until(millrace.schedules.trigger("s", { key: "mine" }));
  expect([one.isNew, other.isNew]).toEqual([true, false]);
  const { input, tags } = await clock.until(run.details());
  expect({ input, tags }).toEqual({ input: { days: 1 }, tags: ["schedule:s"] });
});

test("next tells due times of a running and of a paused schedule", async () => {
  const world = new ScheduleWorld();
  const { clock, millrace } = world;
  await world.put({ name: "s", flow: "job", cron: "0 2 * * *", timeZone: "Europe/Berlin" });
  const two = ["2026-05-05T00:00:00.000Z", "2026-05-06T00:00:00.000Z"];
  const isoOf = async (): Promise<readonly string[]> =>
    (await clock.until(millrace.schedules.next("s", 2))).map((time) => time.toISOString());
  // 02:00 of the fourth is half a minute ago.
  expect(await isoOf()).toEqual(two);
  await clock.until(millrace.schedules.pause("s"));
  expect(await isoOf()).toEqual(two);
});

test.each([
  ["an hour ahead", HOUR],
  ["ten seconds ahead", 10 * SECOND],
  ["ten seconds behind", -10 * SECOND],
  ["an hour behind", -HOUR],
])("a worker whose clock is %s fires by the broker's", async (_, offMs) => {
  const world = new ScheduleWorld();
  await world.worker([], (clock) => ({
    now: () => clock.now() + offMs,
    after: (delayMs, call) => clock.after(delayMs, call),
  }));
  await world.put({ name: "s", flow: "job", cron: "* * * * *", catchUp: "all", overlap: "queue" });
  await world.clock.advance(3 * MINUTE);
  expect(world.submitted()).toEqual(
    ["00:01:00", "00:02:00", "00:03:00"].map((time) => keyAt("s", time)),
  );
  for (const [index, { at: began }] of world.executed.entries()) {
    expect(began).toBeGreaterThanOrEqual(at("00:01:00") + index * MINUTE);
    expect(began).toBeLessThan(at("00:01:00") + index * MINUTE + SECOND);
  }
});

test("a worker refuses to start with a schedule whose input its flow does not take", async () => {
  const world = new ScheduleWorld();
  const refuses = {
    "~standard": {
      version: 1 as const,
      vendor: "test",
      validate: () => ({ issues: [{ message: "no days" }] }),
    },
  };
  const strict = { ...world.job, name: "strict", queue: "strict", input: refuses };
  const nightly = schedule("nightly", { flow: strict, cron: "0 2 * * *" });
  await expect(world.worker([strict, nightly])).rejects.toThrow(/nightly.*no days/);
});
