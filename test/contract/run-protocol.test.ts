/**
 * The rules of the run protocol (docs/protocol.md, "A message arrives"), each with a test that fails when the rule is left
 * out. Leases are so long that nothing heals just because one lapses.
 */
import { describe, expect, test, vi } from "vitest";
import { flow } from "../../src/definition/flow.ts";
import type { Flow } from "../../src/definition/flow-context.ts";
import { type ArrivedMessage, decideDelivery, type Head } from "../../src/engine/delivery-rules.ts";
import { Gate, Stage } from "./support/stage.ts";

/** A flow with one step that waits at a gate. */
function gated(gate: Gate, onStart: (signal: AbortSignal) => void = () => undefined): Flow {
  return flow("f", (ctx) =>
    ctx.step("work", async ({ signal }) => {
      onStart(signal);
      await gate.pass();
      return "done";
    }),
  );
}

/** A flow that has done a step and then only waits. */
function sleeper(gate: Gate): Flow {
  return flow("f", async (ctx) => {
    await ctx.step("before", () => gate.pass());
    await ctx.sleep("1s");
    return "done";
  });
}

/** A run that was given up in good order, and that nobody has a token of. */
async function released(stage: Stage, gate: Gate) {
  const first = await stage.hire(() => [sleeper(gate)]);
  const id = await stage.submit("f");
  await stage.until(id, "running");
  await stage.clock.until(first.worker.drain());
  return id;
}

/** A run whose step has started, so that its head says it is held, with its token's sequence. */
async function heldRun(stage: Stage, gate: Gate) {
  const id = await stage.submit("f");
  // From here on nothing is recorded before the gate opens.
  await stage.clock.untilTrue(() => stage.events(id, "StepStarted").length > 0);
  expect(gate.arrivals).toBe(1);
  return { id, token: stage.frames(id)[0]?.token ?? 0 };
}

describe("a first delivery from new", () => {
  test("starts without reading anything, and its first frame carries Activated", async () => {
    const stage = new Stage();
    const { connection } = await stage.hire(() => [flow("f", (ctx) => ctx.step("a", () => 1))]);
    const reads = (["head", "history", "inbox", "submission"] as const).map((read) =>
      vi.spyOn(connection.log, read),
    );
    const id = await stage.submit("f");
    await stage.until(id, "completed");
    for (const read of reads) expect(read).not.toHaveBeenCalled();
    expect(stage.frames(id).map(({ events }) => events.map(({ type }) => type))).toEqual([
      ["Activated", "StepCompleted"],
      ["Completed"],
    ]);
  });

  test("tells after 100 ms that the run is held, if nothing else does before", async () => {
    const stage = new Stage();
    const gate = new Gate();
    // It waits for something that is no step, and so records nothing.
    const { worker } = await stage.hire(() => [flow("f", () => gate.pass())]);
    const id = await stage.submit("f");
    await stage.clock.advance(90);
    expect(stage.status(id)).toBe("pending");
    await stage.clock.advance(30);
    expect(stage.state(id)).toMatchObject({ status: "running", worker: worker.id, epoch: 1 });
  });

  test("that the broker cannot vouch for reads the head: a closed run is not run again", async () => {
    const stage = new Stage();
    const gate = new Gate();
    gate.open();
    await stage.hire(() => [gated(gate)]);
    const id = await stage.submit("f");
    await stage.until(id, "completed");
    const { sequence } = stage.state(id);
    stage.broker.forgetAcks("f");
    await stage.clock.advance(1_000);
    expect(gate.arrivals).toBe(1);
    expect(stage.state(id).sequence).toBe(sequence);
    expect(stage.unacked).toEqual([]);
  });
});

describe("a message for a run that is held by the worker that gets it", () => {
  test("stays unacked until a frame that folds it is durable", async () => {
    const stage = new Stage();
    const [gate, later] = [new Gate(), new Gate()];
    await stage.hire(() => [
      flow("f", async (ctx) => {
        await ctx.step("work", () => gate.pass());
        await ctx.step("more", () => later.pass());
      }),
    ]);
    const { id, token } = await heldRun(stage, gate);
    const wake = stage.wake(id);
    await stage.clock.advance(1_000);
    expect(stage.unacked).toEqual([token, wake]);
    expect(stage.frames(id).at(-1)?.inboxFolded).toBeLessThan(wake);
    gate.open();
    await stage.clock.untilTrue(() => later.arrivals === 1);
    await stage.clock.advance(10);
    expect(stage.frames(id).at(-1)?.inboxFolded).toBe(wake);
    expect(stage.unacked).toEqual([token]);
  });

  test("is not acked for a frame that was on its way before it came", async () => {
    const stage = new Stage(50);
    const gate = new Gate();
    const { connection } = await stage.hire(() => [
      flow("f", async (ctx) => {
        await ctx.step("quick", () => 1);
        await ctx.step("slow", () => gate.pass());
      }),
    ]);
    const append = vi.spyOn(connection.log, "append");
    const id = await stage.submit("f");
    await stage.clock.untilTrue(() => append.mock.calls.length === 1);
    // The wake comes in 50 ms, the answer to the frame in 100 ms.
    const wake = stage.wake(id);
    await stage.clock.untilTrue(() => gate.arrivals === 1);
    await stage.clock.advance(60);
    expect(stage.frames(id).at(-1)?.inboxFolded).toBeLessThan(wake);
    expect(stage.unacked).toContain(wake);
    gate.open();
    await stage.until(id, "completed");
    await stage.clock.advance(200);
    expect(stage.unacked).toEqual([]);
  });

  test("is given back when the activation is lost, and comes again at once", async () => {
    const stage = new Stage();
    const gate = new Gate();
    await stage.hire(() => [gated(gate)]);
    const { id, token } = await heldRun(stage, gate);
    const handedOver = stage.wake(id);
    await stage.clock.advance(100);
    stage.wake(id, [token]);
    await stage.clock.untilTrue(() => gate.arrivals === 2, 5_000);
    gate.open();
    await stage.until(id, "completed");
    await stage.clock.advance(1_000);
    const times = stage.deliveries.filter(({ sequence }) => sequence === handedOver);
    expect(times.map(({ redelivered }) => redelivered)).toEqual([false, true]);
    // Only the token itself, which a worker that lost its lease must not ack, waits for the lease to lapse.
    expect(stage.unacked).not.toContain(handedOver);
    expect(stage.unacked).toEqual([token]);
  });

  test("that is the run's own token come again means that the lease is lost", async () => {
    const stage = new Stage();
    const gate = new Gate();
    const signals: AbortSignal[] = [];
    await stage.hire(() => [gated(gate, (signal) => signals.push(signal))]);
    const { id, token } = await heldRun(stage, gate);
    stage.broker.lapseLeases();
    await stage.clock.untilTrue(() => gate.arrivals === 2, 5_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    const activations = stage.events(id, "Activated");
    expect(activations.map(({ reason }) => reason)).toEqual(["submitted", "takeover"]);
    // It was put into a wake's place before it was acked, and that wake is the token now (I4).
    expect(stage.unacked).toEqual([activations[1]?.token]);
    expect(stage.unacked).not.toContain(token);
  });

  test("that is a wake in its token's place means that the lease is lost", async () => {
    const stage = new Stage();
    const gate = new Gate();
    const signals: AbortSignal[] = [];
    await stage.hire(() => [gated(gate, (signal) => signals.push(signal))]);
    const { id, token } = await heldRun(stage, gate);
    const wake = stage.wake(id, [token]);
    await stage.clock.untilTrue(() => gate.arrivals === 2, 5_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(stage.events(id, "Activated").at(-1)).toMatchObject({ token: wake, reason: "takeover" });
  });

  test("that is its token, handed out anew because the broker forgot, is its token from now on", async () => {
    const stage = new Stage();
    const gate = new Gate();
    await stage.hire(() => [gated(gate)]);
    const { id, token } = await heldRun(stage, gate);
    stage.broker.forgetAcks("f");
    await stage.clock.advance(5_000);
    expect(stage.unacked).toEqual([token]);
    gate.open();
    await stage.until(id, "completed");
    await stage.clock.advance(100);
    expect(stage.state(id)).toMatchObject({ epoch: 1, takeOvers: 0 });
    expect(stage.unacked).toEqual([]);
  });
});

describe("a message for a run that another worker holds", () => {
  test("is acked when the holder says that it holds the run", async () => {
    const stage = new Stage();
    const gate = new Gate();
    await stage.hire(() => [gated(gate)]);
    const { id, token } = await heldRun(stage, gate);
    const other = await stage.hire(() => [gated(gate)]);
    const asks = vi.spyOn(other.connection.peers, "asks");
    const wakes = [stage.wake(id), stage.wake(id)];
    await stage.clock.untilTrue(() => asks.mock.calls.length === 1, 5_000);
    await stage.clock.advance(1_000);
    // One wake was handed to the holder itself and waits for a frame; the other's work is done.
    expect(stage.unacked).toHaveLength(2);
    expect(stage.unacked).toContain(token);
    expect(stage.unacked.filter((sequence) => wakes.includes(sequence))).toHaveLength(1);
    expect(stage.state(id).epoch).toBe(1);
  });

  test("wakes the run when the holder is gone, long before the lease is over", async () => {
    const stage = new Stage();
    const gate = new Gate();
    const holder = await stage.hire(() => [gated(gate)]);
    const { id, token } = await heldRun(stage, gate);
    await stage.hire(() => [gated(gate)]);
    holder.connection.crash();
    gate.open();
    stage.wake(id);
    await stage.until(id, "completed");
    const [, takeOver] = stage.events(id, "Activated");
    expect(takeOver?.reason).toBe("takeover");
    expect(takeOver?.token).not.toBe(token);
  });

  test("does not take the run away when nobody answers: a time-out is not a no", async () => {
    const stage = new Stage();
    const gate = new Gate();
    const holder = await stage.hire(() => [gated(gate)]);
    const { id } = await heldRun(stage, gate);
    const other = await stage.hire(() => [gated(gate)]);
    const asks = vi.spyOn(other.connection.peers, "asks");
    holder.connection.pause();
    stage.wake(id);
    stage.wake(id);
    await stage.clock.advance(20_000);
    expect(asks.mock.calls.length).toBeGreaterThan(2);
    expect(stage.state(id).epoch).toBe(1);
    expect(gate.arrivals).toBe(1);
    gate.open();
    holder.connection.resume();
    await stage.until(id, "completed");
    await stage.clock.advance(5_000);
    expect(stage.state(id)).toMatchObject({ epoch: 1, takeOvers: 0 });
    expect(stage.unacked).toEqual([]);
  });

  test("that is its token, handed out anew because the broker forgot, is guarded until the holder is gone", async () => {
    const stage = new Stage();
    const gate = new Gate();
    const holder = await stage.hire(() => [gated(gate)], { concurrency: 1 });
    const { id, token } = await heldRun(stage, gate);
    const guard = await stage.hire(() => [gated(gate)]);
    const asks = vi.spyOn(guard.connection.peers, "asks");
    stage.broker.forgetAcks("f");
    await stage.clock.advance(25_000);
    expect(asks.mock.calls.length).toBeGreaterThan(1);
    // Acked, it would leave the run without a token; made a token, it would take the run from a holder that is well.
    expect(stage.unacked).toEqual([token]);
    expect(stage.state(id).epoch).toBe(1);
    holder.connection.crash();
    gate.open();
    await stage.until(id, "completed");
    expect(stage.state(id).epoch).toBe(2);
  });
});

describe("a message that was delivered before", () => {
  test("never becomes a token: a late ack would take it away (I4)", async () => {
    const stage = new Stage();
    const gate = new Gate();
    const sleeping = flow("f", async (ctx) => {
      await ctx.sleep("1s");
      return ctx.step("work", () => gate.pass());
    });
    const first = await stage.hire(() => [sleeping]);
    const id = await stage.submit("f");
    await stage.until(id, "running");
    const token = stage.frames(id)[0]?.token;
    // It is stopped between giving the run up and acking its token; the token comes to another worker meanwhile.
    stage.broker.inject({
      afterWrite: ({ kind, process }) => {
        if (kind === "append" && stage.status(id) === "released") process.pause();
      },
    });
    const drained = first.worker.drain();
    await stage.until(id, "released");
    stage.broker.inject({});
    await stage.hire(() => [sleeping]);
    stage.broker.lapseLeases();
    await stage.clock.untilTrue(() => gate.arrivals === 1, 5_000);
    first.connection.resume();
    await stage.clock.until(drained);
    await stage.clock.advance(5_000);
    const held = stage.frames(id).at(-1)?.token ?? 0;
    expect(held).not.toBe(token);
    expect(stage.unacked).toContain(held);
    // The late wake and ack of whoever had the token before took nothing away.
    expect(stage.state(id)).toMatchObject({ epoch: 2, takeOvers: 0 });
    expect(gate.arrivals).toBe(1);
  });

  test("is acked when its run is closed", async () => {
    const stage = new Stage();
    const gate = new Gate();
    const holder = await stage.hire(() => [gated(gate)]);
    const { id, token } = await heldRun(stage, gate);
    // It dies after the closing frame and before the ack.
    stage.broker.inject({
      afterWrite: ({ process }) => {
        const isHolder = process === holder.connection;
        if (isHolder && stage.status(id) === "completed") process.crash();
      },
    });
    gate.open();
    await stage.until(id, "completed");
    const { sequence } = stage.state(id);
    expect(holder.connection.state).toBe("crashed");
    expect(stage.unacked).toEqual([token]);
    await stage.hire(() => [gated(gate)]);
    stage.broker.lapseLeases();
    await stage.clock.advance(1_000);
    expect(stage.unacked).toEqual([]);
    expect(stage.state(id).sequence).toBe(sequence);
  });
});

describe("taking a run up", () => {
  test("is one worker's: the other reads the head again and finds it held", async () => {
    const stage = new Stage(20);
    const gate = new Gate();
    gate.open();
    const first = await stage.hire(() => [sleeper(gate)]);
    const id = await stage.submit("f");
    await stage.until(id, "running");
    const others = [
      await stage.hire(() => [sleeper(gate)]),
      await stage.hire(() => [sleeper(gate)]),
    ];
    // One wake comes from the worker that drains; a second one stands behind it, for the other worker.
    let woken = false;
    stage.broker.inject({
      afterWrite: ({ kind }) => {
        if (kind !== "put" || woken) return;
        woken = true;
        stage.wake(id);
      },
    });
    const appends = others.map(({ connection }) => vi.spyOn(connection.log, "append"));
    await stage.clock.until(first.worker.drain());
    await stage.clock.untilTrue(() => appends.every(({ mock }) => mock.calls.length > 0), 5_000);
    await stage.until(id, "completed");
    await stage.clock.advance(1_000);
    expect(stage.events(id, "Activated").map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(stage.unacked).toEqual([]);
    expect(gate.arrivals).toBe(1);
  });

  test("makes the run's other messages wait until it is known who holds it", async () => {
    const stage = new Stage(50);
    const gate = new Gate();
    gate.open();
    const id = await released(stage, gate);
    // The opening frame's answer is lost: it is stored for a while before its writer knows.
    stage.broker.inject({ beforeWrite: ({ kind }) => (kind === "append" ? "ack lost" : "stored") });
    const { connection } = await stage.hire(() => [sleeper(gate)]);
    const append = vi.spyOn(connection.log, "append");
    await stage.clock.untilTrue(() => append.mock.calls.length === 1);
    stage.wake(id);
    await stage.until(id, "completed");
    expect(stage.state(id)).toMatchObject({ epoch: 2, takeOvers: 0 });
  });

  test("after a drain repeats no step and counts no crash", async () => {
    const stage = new Stage();
    const gate = new Gate();
    gate.open();
    const id = await released(stage, gate);
    await stage.clock.advance(10);
    expect(stage.status(id)).toBe("released");
    // The wake that names the old token is all that is left.
    expect(stage.unacked).toHaveLength(1);
    await stage.hire(() => [sleeper(gate)]);
    await stage.until(id, "completed");
    expect(stage.events(id, "Activated").map(({ reason }) => reason)).toEqual([
      "submitted",
      "released",
    ]);
    expect(stage.state(id).takeOvers).toBe(0);
    expect(gate.arrivals).toBe(1);
  });

  test("ends as crashed, without running the flow, once the crash budget is spent", async () => {
    const stage = new Stage();
    const gate = new Gate();
    const limited = flow("f", { crashes: { limit: 1 } }, (ctx) =>
      ctx.step("work", () => gate.pass()),
    );
    const id = await stage.submit("f");
    for (const arrivals of [1, 2]) {
      const { connection } = await stage.hire(() => [limited]);
      await stage.clock.untilTrue(() => gate.arrivals === arrivals, 5_000);
      await stage.until(id, "running");
      connection.crash();
      stage.broker.lapseLeases();
    }
    await stage.hire(() => [limited]);
    await stage.until(id, "crashed");
    await stage.clock.advance(1_000);
    expect(gate.arrivals).toBe(2);
    expect(stage.events(id, "Crashed")).toMatchObject([{ crashes: 2 }]);
    expect(stage.unacked).toEqual([]);
  });
});

describe("a write whose answer is not known", () => {
  test("is looked up: what was stored is not written twice", async () => {
    const stage = new Stage();
    await stage.hire(() => [flow("f", (ctx) => ctx.step("a", () => 1))]);
    stage.broker.inject({ beforeWrite: ({ kind }) => (kind === "append" ? "ack lost" : "stored") });
    const id = await stage.submit("f");
    await stage.until(id, "completed");
    expect(stage.events(id, "StepCompleted")).toHaveLength(1);
    expect(stage.state(id).epoch).toBe(1);
  });

  test("that somebody else's frame has overtaken ends the activation, which acks nothing", async () => {
    const stage = new Stage();
    const [gate, later, never] = [new Gate(), new Gate(), new Gate()];
    const signals: AbortSignal[] = [];
    const two = (quick: Gate, slow: Gate): Flow =>
      flow("f", (ctx) => {
        const other = ctx.step("other", ({ signal }) => {
          signals.push(signal);
          return slow.pass();
        });
        return Promise.all([ctx.step("work", () => quick.pass()), other]);
      });
    const holder = await stage.hire(() => [two(gate, never)]);
    const { id } = await heldRun(stage, gate);
    holder.connection.pause();
    await stage.hire(() => [two(later, later)]);
    await stage.clock.advance(3_000); // What the stopped holder had asked for is forgotten.
    stage.broker.lapseLeases();
    await stage.clock.untilTrue(() => later.arrivals === 2, 5_000);
    const { token } = stage.events(id, "Activated").at(-1) ?? { token: 0 };
    gate.open();
    holder.connection.resume();
    await stage.clock.untilTrue(() => holder.worker.stats.held === 0, 5_000);
    await stage.clock.advance(1_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(stage.unacked).toContain(token);
    expect(stage.events(id, "StepCompleted")).toEqual([]);
    later.open();
    await stage.until(id, "completed");
    expect(stage.state(id).epoch).toBe(2);
  });
});

const headOf = (status: Head["status"]): Head => ({ status, token: 7, inboxFolded: 5 });
const message = (change: Partial<ArrivedMessage>): ArrivedMessage => ({
  kind: "wake",
  sequence: 9,
  redelivered: false,
  stale: false,
  replaces: [],
  resume: false,
  ...change,
});

describe("what is decided from a head and a message alone", () => {
  test("an input for a run that has not started is acked: the run reads its inbox when it starts", () => {
    expect(decideDelivery(undefined, message({ kind: "input" }))).toBe("ack");
    expect(decideDelivery(undefined, message({ kind: "new" }))).toBe("start");
    expect(decideDelivery(undefined, message({ kind: "wake" }))).toBe("activate");
  });

  test.each(["new", "wake"] as const)(
    "a %s that was delivered before starts nothing, even before there is a head",
    (kind) => {
      expect(decideDelivery(undefined, message({ kind, redelivered: true }))).toBe("exchange");
    },
  );

  test.each(["suspended", "released"] as const)(
    "a %s run is activated by a first delivery only",
    (status) => {
      expect(decideDelivery(headOf(status), message({}))).toBe("activate");
      expect(decideDelivery(headOf(status), message({ redelivered: true }))).toBe("exchange");
      expect(decideDelivery(headOf(status), message({ stale: true }))).toBe("exchange");
    },
  );

  test.each(["running", "awaiting-retry", "cancelling"] as const)(
    "a %s run is its token's",
    (status) => {
      expect(decideDelivery(headOf(status), message({}))).toBe("ask");
      expect(decideDelivery(headOf(status), message({ redelivered: true }))).toBe("ask");
      expect(decideDelivery(headOf(status), message({ replaces: [7] }))).toBe("activate");
      expect(decideDelivery(headOf(status), message({ sequence: 7, redelivered: true }))).toBe(
        "exchange",
      );
    },
  );

  test.each(["completed", "cancelled"] as const)(
    "a %s run has nothing left to do, whoever asks",
    (status) => {
      for (const change of [{}, { redelivered: true }, { replaces: [7] }, { resume: true }]) {
        expect(decideDelivery(headOf(status), message(change))).toBe("ack");
      }
    },
  );

  test.each(["failed", "crashed", "parked"] as const)(
    "a %s run goes on when a resume asks for it, once",
    (status) => {
      expect(decideDelivery(headOf(status), message({}))).toBe("ack");
      expect(decideDelivery(headOf(status), message({ resume: true }))).toBe("activate");
      expect(decideDelivery(headOf(status), message({ resume: true, sequence: 4 }))).toBe("ack");
    },
  );
});
