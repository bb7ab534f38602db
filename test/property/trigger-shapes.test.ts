/** Shapes against oracles that know all events at once, with repetitions, late readers and crashes at every point. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { absent } from "../../src/engine/trigger-shapes/absent.ts";
import { after } from "../../src/engine/trigger-shapes/after.ts";
import { batch } from "../../src/engine/trigger-shapes/batch.ts";
import { both } from "../../src/engine/trigger-shapes/both.ts";
import { debounce } from "../../src/engine/trigger-shapes/debounce.ts";
import type { Shape, ShapeEvent } from "../../src/engine/trigger-shapes/shape.ts";
import { stays } from "../../src/engine/trigger-shapes/stays.ts";
import { throttle } from "../../src/engine/trigger-shapes/throttle.ts";
import {
  clearFired,
  emptyState,
  foldEvent,
  foldTime,
  type TriggerState,
} from "../../src/engine/trigger-shapes/trigger-state.ts";

interface Told {
  readonly n: number;
  readonly at: number;
  readonly isOther: boolean;
}

/** What fires, in any order: the numbers of the events of each firing. */
type Oracle = (told: readonly Told[]) => readonly (readonly number[])[];

const MS = 100;

const CASES: readonly {
  readonly name: string;
  readonly shape: Shape;
  readonly oracle: Oracle;
}[] = [
  {
    name: "debounce",
    shape: debounce({ quietMs: MS, maxWaitMs: 3 * MS }),
    oracle: (told) => {
      const lasts: number[][] = [];
      for (let at = 0; at < told.length; ) {
        const first = told[at];
        let end = at;
        for (let next = told[end + 1]; next !== undefined; next = told[end + 1]) {
          const last = told[end];
          if (first === undefined || last === undefined) break;
          if (next.at >= Math.min(last.at + MS, first.at + 3 * MS)) break;
          end++;
        }
        lasts.push([told[end]?.n ?? -1]);
        at = end + 1;
      }
      return lasts;
    },
  },
  {
    name: "throttle",
    shape: throttle({ limit: 2, perMs: MS }),
    oracle: (told) => {
      const fired: Told[] = [];
      for (const event of told) {
        if (fired.filter(({ at }) => at > event.at - MS).length < 2) fired.push(event);
      }
      return fired.map(({ n }) => [n]);
    },
  },
  {
    name: "batch",
    shape: batch({ size: 3, withinMs: MS }),
    oracle: (told) => {
      const batches: Told[][] = [];
      for (const event of told) {
        const open = batches.at(-1);
        const first = open?.[0];
        const fits = first !== undefined && open?.length !== 3 && event.at < first.at + MS;
        if (fits) open?.push(event);
        else batches.push([event]);
      }
      return batches.map((one) => one.map(({ n }) => n));
    },
  },
  {
    name: "after",
    shape: after({ count: 3, withinMs: MS }),
    oracle: (told) => {
      const firings: number[][] = [];
      let since = 0;
      for (const [at, event] of told.entries()) {
        const last = told.slice(Math.max(since, at - 2), at + 1);
        const isNear = last.every((one) => one.at >= event.at - MS);
        if (last.length < 3 || !isNear) continue;
        firings.push(last.map(({ n }) => n));
        since = at + 1;
      }
      return firings;
    },
  },
  {
    name: "absent",
    shape: absent({ withinMs: MS }),
    oracle: (told) => {
      const firings: number[][] = [];
      let free = 0;
      for (const [at, event] of told.entries()) {
        if (event.isOther || at < free) continue;
        const within = told.filter((one, place) => place > at && one.at <= event.at + MS);
        const answer = within.find(({ isOther }) => isOther);
        if (answer === undefined) firings.push([event.n]);
        // Events up to there belong to this one.
        free = told.indexOf(answer ?? within.at(-1) ?? event) + 1;
      }
      return firings;
    },
  },
  {
    name: "both",
    shape: both({ withinMs: MS }),
    oracle: (told) => {
      const waiting: Told[] = [];
      const firings: number[][] = [];
      for (const event of told) {
        const at = waiting.findIndex(
          (one) => one.isOther !== event.isOther && event.at - one.at <= MS,
        );
        const [match] = at === -1 ? [] : waiting.splice(at, 1);
        if (match === undefined) waiting.push(event);
        else firings.push(event.isOther ? [match.n, event.n] : [event.n, match.n]);
      }
      return firings;
    },
  },
  {
    name: "a run that stays in a state",
    shape: stays({ longerThanMs: MS }),
    oracle: (told) =>
      told.flatMap((event, at) => {
        const next = told[at + 1];
        const isLong = next === undefined || next.at > event.at + MS;
        return !event.isOther && isLong ? [[event.n]] : [];
      }),
  },
];

const told = fc
  .array(fc.record({ gap: fc.integer({ min: 1, max: 90 }), isOther: fc.boolean() }), {
    maxLength: 40,
  })
  .map((gaps) => {
    let at = 1_000;
    return gaps.map(({ gap, isOther }, n): Told => ({ n, at: (at += gap), isOther }));
  });

/** What happens beside the events: a look at the clock, a repetition of what came before, a crash after some of the writes. */
const course = fc.record({
  told,
  looks: fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
  repeats: fc.array(fc.option(fc.nat(40)), { minLength: 40, maxLength: 40 }),
  crashes: fc.array(fc.constantFrom("none", "written", "submitted", "cleared"), {
    minLength: 40,
    maxLength: 40,
  }),
});

describe.each(CASES)("$name", ({ shape, oracle }) => {
  test("fires as the oracle says, once each, whatever is repeated and whoever dies", () => {
    fc.assert(
      fc.property(course, ({ told: events, looks, repeats, crashes }) => {
        const holder = new Holder(shape);
        for (const [at, event] of events.entries()) {
          if (looks[at] === true) holder.look(event.at);
          // A crash before the ack: the broker delivers it again, to a holder that reads the record.
          if (holder.deliver(eventOf(event), crashes[at]) === "crashed") {
            holder.deliver(eventOf(event), "none");
          }
          const repeated = events[Math.min(repeats[at] ?? at, at)];
          if (repeated !== undefined) holder.deliver(eventOf(repeated), "none");
        }
        holder.look(1_000_000);
        holder.look(2_000_000);
        const expected = oracle(events)
          .map((numbers) => numbers.join())
          .toSorted();
        expect([...holder.runs].toSorted()).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test("waits for nothing when all time has passed", () => {
    fc.assert(
      fc.property(told, (events) => {
        const holder = new Holder(shape);
        for (const event of events) holder.deliver(eventOf(event), "none");
        holder.look(1_000_000);
        expect(shape.deadline(holder.state.shape)).toBeUndefined();
        expect(holder.state.shape.kept).toEqual([]);
      }),
    );
  });
});

test("absent holds although the expected event is read first, from another stream", () => {
  const shape = absent({ withinMs: MS });
  const holder = new Holder(shape);
  const other = { ...eventOf({ n: 1, at: 1_050, isOther: true }), stream: "OTHER" };
  holder.deliver(other, "none");
  holder.deliver(eventOf({ n: 0, at: 1_000, isOther: false }), "none");
  holder.look(9_000);
  expect([...holder.runs]).toEqual([]);
});

test("a heartbeat that expects the next one fires when the beat stops, and not before", () => {
  const shape = absent({ withinMs: MS });
  const holder = new Holder(shape);
  for (let n = 0; n < 5; n++) {
    const beat = eventOf({ n, at: 1_000 + n * 60, isOther: false });
    holder.deliver({ ...beat, isOther: true }, "none");
    holder.look(beat.at);
  }
  expect([...holder.runs]).toEqual([]);
  holder.look(9_000);
  expect([...holder.runs]).toEqual(["4"]);
});

test.each(CASES)("$name ends with what any other shape of the trigger left behind", ({ shape }) => {
  fc.assert(
    fc.property(fc.constantFrom(...CASES), told, told, (former, before, events) => {
      const holder = new Holder(former.shape);
      for (const event of before) holder.deliver(eventOf(event), "none");
      const next = new Holder(shape);
      next.state = holder.state;
      const at = before.at(-1)?.at ?? 0;
      for (const event of events) {
        const later = { ...event, n: event.n + 1_000, at: event.at + at };
        next.deliver(eventOf(later), "none");
      }
      next.look(10_000_000);
      expect(shape.deadline(next.state.shape)).toBeUndefined();
      expect(next.state.shape.kept).toEqual([]);
    }),
  );
});

test.each([
  ["absent", absent({ withinMs: MS })],
  ["both", both({ withinMs: 1_000_000 })],
  ["after", after({ count: 1_000, withinMs: 1_000_000 })],
  ["batch", batch({ size: 1_000, withinMs: 1_000_000 })],
  ["throttle", throttle({ limit: 10_000, perMs: 10_000_000 })],
])("a state of %s fits into a record, however many large events come", (name, shape) => {
  const holder = new Holder(shape);
  const count = name === "throttle" ? 10_000 : 100;
  const data = "x".repeat(100_000);
  let largest = 0;
  for (let n = 0; n < count; n++) {
    const event = eventOf({ n, at: n * (MS + 1), isOther: false });
    const large = { ...event, bytes: data.length + 256, event: { ...event.event, data } };
    holder.deliver(name === "throttle" ? event : large, "none");
    if (name !== "throttle" || n === count - 1) {
      largest = Math.max(largest, JSON.stringify(holder.state).length);
    }
  }
  expect(largest).toBeLessThan(900_000);
});

/** What a holder does, and the next one after its death: the record and the runs are all that lasts. */
class Holder {
  readonly #shape: Shape;
  /** By the key of the run: submitted twice, it is one. */
  readonly runs = new Set<string>();
  state: TriggerState = emptyState("k");

  constructor(shape: Shape) {
    this.#shape = shape;
  }

  deliver(event: ShapeEvent, crash: string | undefined): "acked" | "crashed" {
    this.state = foldEvent(this.#shape, this.state, event);
    if (crash === "written") return "crashed";
    return this.#carryOut(crash) ? "acked" : "crashed";
  }

  look(now: number): void {
    this.state = foldTime(this.#shape, this.state, now);
    this.#carryOut("none");
  }

  #carryOut(crash: string | undefined): boolean {
    for (const events of this.state.outbox) {
      this.runs.add(events.map(({ sequence }) => sequence).join());
    }
    if (crash === "submitted") return false;
    this.state = clearFired(this.state, this.state.outbox.length);
    return crash !== "cleared";
  }
}

function eventOf({ n, at, isOther }: Told): ShapeEvent {
  const event = {
    specversion: "1.0",
    id: String(n),
    source: "test",
    type: "t",
    time: new Date(at).toISOString(),
    data: n,
  } as const;
  const place = { id: `e${n}`, at, stream: "S", sequence: n };
  return { ...place, isOn: !isOther, isOther, bytes: 100, event };
}
