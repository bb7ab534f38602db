/** A timer fires at the time that was recorded when it was set, whoever holds the run by then, and never early. */
import { expect, test } from "vitest";
import type { RunEvent } from "../../src/engine/run-event.ts";
import { soundHistory } from "./support/sound-history.ts";
import { KEEPING, testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();

test("a sleep survives a take-over: it fires at the time recorded before, and not a whole sleep later (I3)", async () => {
  const bed = await beds.open();
  const first = await bed.worker("timers", { crash: { point: "after-frame", event: "TimerSet" } });
  const { id } = await bed.millrace.submit("sleeper", 3_000);
  await first.exited;
  await bed.worker("timers");
  await bed.millrace.attach(id).result({ timeout: "60s" });

  const { state, events } = await soundHistory(bed.millrace, id);
  expect(state.takeOvers).toBe(1);
  const { set, fired } = timerOf(events);
  expect(fired.at).toBeGreaterThanOrEqual(set.fireAt);
  // Not set again by whoever took over: then it would be due a take-over later.
  expect(set.fireAt).toBeLessThanOrEqual(set.at + 3_000);
  expect(events.filter(({ type }) => type === "TimerSet").length).toBe(1);
  expect(awake(bed.ledger.of(id))).toBeGreaterThanOrEqual(set.fireAt);
  expect(bed.ledger.counts(id)).toEqual({ "before#1": 1, "after#1": 1 });
});

test("a timer that came due while nobody held the run fires as soon as somebody does (I1)", async () => {
  const bed = await beds.open();
  const first = await bed.worker("timers", { crash: { point: "after-frame", event: "TimerSet" } });
  const { id } = await bed.millrace.submit("sleeper", 300);
  await first.exited;
  const { timers } = await bed.millrace.attach(id).details();
  const due = timers[0]?.fireAt.getTime() ?? 0;
  await until("the timer is due", () => due > 0 && Date.now() > due);
  await bed.worker("timers");
  await bed.millrace.attach(id).result({ timeout: "60s" });
  const { set, fired } = timerOf((await soundHistory(bed.millrace, id)).events);
  expect(set.fireAt).toBe(due);
  expect(fired.at).toBeGreaterThanOrEqual(due);
});

test("a timer whose firing was recorded just before the crash does not fire twice (I3)", async () => {
  const bed = await beds.open();
  const first = await bed.worker("timers", {
    crash: { point: "after-frame", event: "TimerFired" },
  });
  const { id } = await bed.millrace.submit("sleeper", 50);
  await first.exited;
  await bed.worker("timers");
  const now = await bed.millrace.attach(id).result({ timeout: "60s" });
  const { events } = await soundHistory(bed.millrace, id);
  const { fired } = timerOf(events);
  const [seen] = bed.ledger.of(id).flatMap((entry) => entry["awake"] ?? []);
  expect(seen).toBe(fired.at);
  expect(now).toBeGreaterThanOrEqual(fired.at);
});

test("sleepUntil takes a time that is past, and one to come, across a drain (I3)", async () => {
  const bed = await beds.open();
  const leaving = await bed.worker("timers", { serve: KEEPING });
  const past = await bed.millrace.submit("until", 0);
  expect(await past.result({ timeout: "60s" })).toBe("in time");
  const time = new Date(Date.now() + 5_000);
  const { id } = await bed.millrace.submit("until", time);
  await until("its timer is set", async () => {
    const { timers } = await bed.millrace.attach(id).details();
    return timers.length === 1;
  });
  leaving.signal("SIGTERM");
  expect(await leaving.exited).toEqual({ code: 0, signal: null });
  await bed.worker("timers", { serve: KEEPING });

  expect(await bed.millrace.attach(id).result({ timeout: "60s" })).toBe("in time");
  const { state, events } = await soundHistory(bed.millrace, id);
  expect(state.takeOvers).toBe(0);
  expect(timerOf(events).set.fireAt).toBe(time.getTime());
  expect(awake(bed.ledger.of(id))).toBeGreaterThanOrEqual(time.getTime());
});

test("timers fire in the order of their times, whatever the order in which they were set (I7)", async () => {
  const bed = await beds.open();
  await bed.worker("timers", { serve: KEEPING });
  const run = await bed.millrace.submit("several", [400, 50, 250, 150]);
  expect(await run.result({ timeout: "60s" })).toEqual([50, 150, 250, 400]);
});

function timerOf(events: readonly RunEvent[]): {
  readonly set: Extract<RunEvent, { type: "TimerSet" }>;
  readonly fired: Extract<RunEvent, { type: "TimerFired" }>;
} {
  const set = events.find((event) => event.type === "TimerSet");
  const fired = events.find((event) => event.type === "TimerFired");
  if (set === undefined || fired === undefined) throw new Error("No timer was set and fired");
  return { set, fired };
}

/** When the flow went on, by the clock of its process. */
function awake(
  entries: readonly { readonly at: number; readonly [extra: string]: unknown }[],
): number {
  return entries.find((entry) => "awake" in entry)?.at ?? 0;
}
