/** Runs that wait, at the moments at which something comes between: on the in-memory broker, by hand. */
import { expect, test } from "vitest";
import type { AnyDefinition } from "../../src/definition/definition.ts";
import { flow } from "../../src/definition/flow.ts";
import { signal } from "../../src/definition/signal.ts";
import { parseRunId, type RunId } from "../../src/engine/run-id.ts";
import { decodeFrame } from "../../src/wire/frame-codec.ts";
import { decodeInput } from "../../src/wire/input-codec.ts";
import { type Actor, Gate, Stage } from "../contract/support/stage.ts";

const go = signal<string>("go");

const ends = flow("ends", () => undefined);
const endsLater = flow("ends-later", async (ctx) => {
  await ctx.step("one", () => 1);
});

test.for([ends, endsLater])(
  "who asks to be told of the end of run $name while its last frame is on its way is told (I5)",
  async (serves) => {
    const stage = new Stage();
    const first = await stage.hire(() => [serves]);
    const id = parseRunId(`${serves.name}:k`).id;
    const { log } = first.connection;
    const append = log.append.bind(log);
    log.append = async (run, expected, frame) => {
      const decoded = decodeFrame(frame);
      const events = decoded.kind === "ok" ? decoded.value.events : [];
      if (events.some(({ type }) => type === "Completed")) {
        log.append = append;
        const watch = { type: "Watch", runId: "other:x", queue: "other" } as const;
        if (serves === endsLater)
          await anotherHears(stage, first, serves, () => stage.put(id, watch));
        else await anotherKeeps(stage, first, serves, () => stage.put(id, watch));
      }
      return append(run, expected, frame);
    };
    await stage.submit(serves.name);
    await stage.until(id, "completed");
    await stage.clock.advance(5_000);
    expect(isTold(stage)).toBe(true);
  },
);

/** Puts something into an inbox that a worker hears of which does not have the run; it settles the message. */
async function anotherHears(
  stage: Stage,
  holder: Actor,
  serves: AnyDefinition,
  put: () => number,
): Promise<void> {
  holder.connection.queues.leave();
  const other = await stage.hire(() => [serves]);
  const sequence = put();
  await stage.clock.untilTrue(() => !stage.unacked.includes(sequence));
  other.connection.crash();
}

/** The same when there is nobody yet whom the worker could rely on: it keeps the message, and looks again. */
async function anotherKeeps(
  stage: Stage,
  holder: Actor,
  serves: AnyDefinition,
  put: () => number,
): Promise<void> {
  holder.connection.queues.leave();
  await stage.hire(() => [serves]);
  const sequence = put();
  await stage.clock.advance(100);
  expect(stage.unacked).toContain(sequence);
}

/** The run that wanted to know has something in its inbox. */
function isTold(stage: Stage): boolean {
  return stage.broker.messages().some(({ subject }) => subject === "mr.test.0.in.other.other.x");
}

test("clean-up that submits a run is not cancelled with the rest when another worker goes on with it", async () => {
  const stage = new Stage();
  const refund = flow("refund", async (ctx) => ctx.receive(go));
  const order = flow("order", async (ctx) => {
    try {
      await ctx.sleep("1h");
    } catch (error) {
      const child = await ctx.submit(refund, undefined, { key: "r" });
      await child.result();
      throw error;
    }
  });
  const serves = () => [order, refund];
  const first = await stage.hire(serves);
  const id = await stage.submit("order");
  await stage.until(id, "running");
  await stage.clock.until(stage.client.attach(id).cancel("by hand"));
  const child = parseRunId("refund:r").id;
  await stage.until(child, "running");
  first.connection.crash();
  stage.broker.lapseLeases();
  await stage.hire(serves);
  await stage.clock.untilTrue(() => stage.state(id).takeOvers === 1);
  await stage.clock.untilTrue(() => stage.state(child).takeOvers === 1);
  await stage.clock.advance(2_000);
  expect(stage.status(child)).toBe("running");
  await stage.clock.until(stage.client.attach(child).signal(go, "now"));
  await stage.until(id, "cancelled");
  expect(stage.status(child)).toBe("completed");
});

test("a signal that a flow sends to the run that it has just submitted waits for its submission", async () => {
  const stage = new Stage();
  const child = flow("child", (ctx) => ctx.receive(go));
  const parent = flow("parent", async (ctx) => {
    const run = await ctx.submit(child);
    await run.signal(go, "hello");
    return run.result();
  });
  await stage.hire(() => [parent, child]);
  let lost = 0;
  stage.broker.inject({
    beforeWrite: ({ kind, runId }) => {
      if (kind === "submit" && runId?.startsWith("child:") && lost++ < 3) return "not stored";
      return "stored";
    },
  });
  const id = await stage.submit("parent");
  await stage.until(id, "completed");
  expect(await stage.clock.until(stage.client.attach(id).result())).toBe("hello");
});

test("a question about something that is no run's id harms nobody (I11)", async () => {
  const stage = new Stage();
  const waits = flow("waits", (ctx) => ctx.receive(go));
  const { worker } = await stage.hire(() => [waits]);
  const id = await stage.submit("waits");
  await stage.until(id, "running");
  const { token = 0, epoch = 0 } = stage.frames(id).at(-1) ?? {};
  const question = { run: "no run", partition: 0, token, epoch } as never;
  const answer = stage.outside.peers.asks(worker.id, question);
  expect(await stage.clock.until(answer)).toBe("held");
  await stage.clock.advance(100);
  await stage.clock.until(stage.client.attach(id).signal(go, "on"));
  await stage.until(id, "completed");
});

test("a tag that was added just before a crash is there after it", async () => {
  const stage = new Stage();
  const gate = new Gate();
  const tags = flow("tags", async (ctx) => {
    await ctx.step("one", () => 1);
    ctx.tag("late");
    ctx.expose("stage", 2);
    await ctx.step("two", () => 2);
    await ctx.step("gate", () => gate.pass());
  });
  const first = await stage.hire(() => [tags]);
  stage.broker.inject({
    afterWrite: ({ kind, process }) => {
      if (kind === "append" && process === first.connection && gate.arrivals === 0) {
        if (stage.events(id, "StepCompleted").length === 2) process.crash();
      }
    },
  });
  const id = parseRunId("tags:k").id;
  await stage.submit("tags");
  await stage.clock.untilTrue(() => first.connection.state === "crashed");
  stage.broker.lapseLeases();
  await stage.hire(() => [tags]);
  gate.open();
  await stage.until(id, "completed");
  expect(stage.state(id).annotations.tags).toEqual(["late"]);
  const view = await stage.clock.until(stage.client.attach(id).state());
  expect(view.exposed).toEqual({ stage: 2 });
});

test("a reason is cut, so that all that names it fits in one message", async () => {
  const stage = new Stage();
  const waits = flow("waits", (ctx) => ctx.receive(go));
  await stage.hire(() => [waits]);
  const id = await stage.submit("waits");
  await stage.until(id, "running");
  await stage.clock.until(stage.client.attach(id).cancel("because ".repeat(75_000)));
  await stage.until(id, "cancelled");
  const [{ reason } = { reason: "" }] = stage.events(id, "Cancelled");
  expect(reason).toHaveLength(1_000);
});

test("a run that cleans up after its deadline is suspended like any other", async () => {
  const stage = new Stage();
  const waits = flow("waits", async (ctx) => {
    try {
      await ctx.receive(go);
    } catch (error) {
      await ctx.sleep("1h");
      throw error;
    }
  });
  const { worker } = await stage.hire(() => [waits], { suspendAfter: "1s" });
  const options = { key: "k", deadline: "10s" } as const;
  const { id } = await stage.clock.until(stage.client.submit(waits, undefined, options));
  await stage.until(id, "cancelling", 30_000);
  await stage.until(id, "suspended", 30_000);
  await stage.clock.untilTrue(() => worker.stats.held === 0);
  await stage.until(id, "cancelled", 2 * 3_600_000);
  expect(stage.events(id, "Suspended").length).toBeGreaterThan(0);
});

test("a question that is answered when a run is about to be suspended delays that, and no more", async () => {
  const stage = new Stage();
  const waits = flow("waits", (ctx) => ctx.receive(go));
  const { worker, connection } = await stage.hire(() => [waits], { suspendAfter: "10s" });
  const id = await stage.submit("waits");
  await stage.until(id, "running");
  const { token = 0, epoch = 0 } = stage.frames(id).at(-1) ?? {};
  const inbox = connection.log.inbox.bind(connection.log);
  let slow = false;
  connection.log.inbox = async (...args) => {
    if (slow) await new Promise<void>((resolve) => connection.clock.after(20_000, resolve));
    return inbox(...args);
  };
  await stage.clock.advance(5_000);
  slow = true;
  void stage.outside.peers.asks(worker.id, { run: id, partition: 0, token, epoch });
  await stage.clock.advance(10_000);
  slow = false;
  await stage.until(id, "suspended", 60_000);
  expect(stage.events(id, "Suspended")).toHaveLength(1);
});

test("what a worker died on before its flow had done anything is cleaned up when it is cancelled", async () => {
  const stage = new Stage();
  const cleaned: string[] = [];
  const waits = flow("waits", async (ctx) => {
    try {
      await ctx.receive(go);
    } finally {
      await ctx.step("clean up", () => cleaned.push("once"));
    }
  });
  const first = await stage.hire(() => [waits]);
  const id = await stage.submit("waits");
  await stage.until(id, "running");
  first.connection.crash();
  await stage.clock.until(stage.client.attach(id).cancel("by hand"));
  stage.broker.lapseLeases();
  await stage.hire(() => [waits]);
  await stage.until(id, "cancelled");
  expect(cleaned).toEqual(["once"]);
});

test("a signal that cannot be read is passed over like one that its schema refuses (I11)", async () => {
  const stage = new Stage();
  const waits = flow("waits", (ctx) => ctx.receive(go));
  await stage.hire(() => [waits]);
  const id = await stage.submit("waits");
  await stage.until(id, "running");
  const payload = { encoding: "json", data: new TextEncoder().encode("{") };
  stage.put(id, { type: "Signal", name: "go", payload });
  await stage.clock.until(stage.client.attach(id).signal(go, "good"));
  await stage.until(id, "completed");
  expect(await stage.clock.until(stage.client.attach(id).result())).toBe("good");
});

test("one signalId for signals of two names is two signals, and an empty one is refused", async () => {
  const stage = new Stage();
  const other = signal<string>("other");
  const both = flow("both", async (ctx) => [await ctx.receive(go), await ctx.receive(other)]);
  await stage.hire(() => [both]);
  const options = { key: "k", signalId: "1" };
  const { client, clock } = stage;
  const { id } = await clock.until(client.signalOrSubmit(both, undefined, options, go, "a"));
  await clock.until(client.signalOrSubmit(both, undefined, options, other, "b"));
  await stage.until(id, "completed");
  expect(await clock.until(client.attach(id).result())).toEqual(["a", "b"]);
  const empty = { key: "other", signalId: "" };
  await expect(client.signalOrSubmit(both, undefined, empty, go, "a")).rejects.toMatchObject({
    code: "INVALID_OPTION",
  });
});

test("a run that a flow submits while it is being told to stop is not among its children", async () => {
  const stage = new Stage();
  const child = flow("child", (ctx) => ctx.receive(go));
  const parent = flow("parent", async (ctx) => {
    await ctx.step("one", () => 1);
    await ctx.step("two", () => 2);
    await ctx.submit(child, undefined, { key: "never" });
  });
  const { connection } = await stage.hire(() => [parent, child]);
  const id = parseRunId("parent:k").id;
  const { log } = connection;
  const append = log.append.bind(log);
  log.append = async (run, expected, frame) => {
    const written = await append(run, expected, frame);
    const decoded = decodeFrame(frame);
    const events = decoded.kind === "ok" ? decoded.value.events : [];
    if (events.some((event) => event.type === "StepCompleted" && event.step === "two#1")) {
      log.append = append;
      // Delivered while the frame's ack is on its way: it is folded before the flow submits.
      stage.put(id, { type: "Cancel", reason: "by hand" });
      await new Promise<void>((resolve) => connection.clock.after(1_000, resolve));
    }
    return written;
  };
  await stage.submit("parent");
  await stage.until(id, "cancelled");
  expect(stage.events(id, "ChildSubmitted")).toEqual([]);
  expect([...stage.state(id).children]).toEqual([]);
});

test.for([
  ["is cancelled", (stage: Stage, id: string) => stage.client.attach(id).cancel("by hand")],
  ["is terminated", (stage: Stage, id: string) => stage.client.attach(id).terminate("by hand")],
] as const)(
  "a run that $0 stops the runs that it started under a key, in whatever queue, and none that it only found",
  async ([, stop]) => {
    const stage = new Stage();
    const child = flow("child", (ctx) => ctx.receive(go));
    const parent = flow("parent", async (ctx) => {
      for (const key of ["found", "own"]) {
        await ctx.submit(child, undefined, { key, queue: "parent", onParentClose: "cancel" });
      }
      await ctx.sleep("1h");
    });
    await stage.hire(() => [parent, child]);
    const found = await stage.submit("child", "found");
    const own = parseRunId("child:own").id;
    const id = await stage.submit("parent");
    await stage.until(own, "running");
    await stage.clock.until(stop(stage, id));
    await stage.until(id, "cancelled");
    await stage.until(own, "cancelled");
    await stage.clock.advance(5_000);
    expect(stage.status(found)).toBe("running");
    // It was asked to tell of its end, and nothing else.
    expect(inboxOf(stage, "child.found")).toEqual(["Watch"]);
  },
);

/** What is in a run's inbox, in whatever queue. */
function inboxOf(stage: Stage, end: string): readonly string[] {
  const stored = stage.broker.messages().filter(({ subject }) => subject.endsWith(`.${end}`));
  return stored
    .filter(({ subject }) => subject.includes(".in."))
    .map(({ data }) => {
      const decoded = decodeInput(data);
      return decoded.kind === "ok" ? decoded.value.body.type : "";
    });
}

test("what fits in no message parks its run, and is not tried for ever", async () => {
  const stage = new Stage();
  const talks = flow("talks", async (ctx) => {
    const said = await ctx.step("talk", () => "x".repeat(2_000));
    return said.length;
  });
  const { connection } = await stage.hire(() => [talks]);
  const limit = connection.log.maxMessageBytes;
  Object.assign(connection.log, { maxMessageBytes: 1_000 }); // A server with another configuration.
  const id = await stage.submit("talks");
  await stage.until(id, "parked");
  expect(stage.state(id).parked).toMatchObject({
    reason: "too-large",
    expected: "a frame of at most 1000 bytes",
    asked: expect.stringContaining("StepCompleted"),
  });
  Object.assign(connection.log, { maxMessageBytes: limit });
  await stage.clock.until(stage.client.attach(id).resume());
  await stage.until(id, "completed");
});

test("the names in an inbox may be as long as a message, and the frame that folds them fits all the same (I11)", async () => {
  const stage = new Stage();
  const waits = flow("waits", (ctx) => ctx.receive(go));
  const { connection } = await stage.hire(() => [waits]);
  const id = await stage.submit("waits");
  await stage.until(id, "running");
  const name = "n".repeat(connection.log.maxMessageBytes - 200);
  const payload = { encoding: "json", data: new TextEncoder().encode("1") };
  stage.put(id, { type: "Signal", name, payload });
  stage.put(id, { type: "Watch", runId: name, queue: "q" });
  await stage.clock.until(stage.client.attach(id).signal(go, "good"));
  await stage.until(id, "completed");
  expect(stage.events(id, "InputFolded").map(({ kind }) => kind)).toEqual([
    "signal",
    "watch",
    "signal",
  ]);
});

test("a run that nobody submitted cannot be waited for: the flow hears so at once, by its code", async () => {
  const stage = new Stage();
  const asks = flow("asks", async (ctx) => {
    try {
      return await ctx.attach("nobody:x").result();
    } catch (error) {
      return (error as { code?: string; runId?: string }).code;
    }
  });
  await stage.hire(() => [asks]);
  const id = await stage.submit("asks");
  await stage.until(id, "completed", 1_000);
  expect(await stage.clock.until(stage.client.attach(id).result())).toBe("RUN_NOT_FOUND");
});

test("a request to stop reaches a running step however many runs that were woken wait for its slot", async () => {
  const stage = new Stage();
  const gate = new Gate();
  const waits = flow("waits", async (ctx) => {
    await ctx.receive(go);
    await ctx.receive(go);
  });
  const busy = flow("busy", (ctx) =>
    ctx.step("hang", ({ signal: aborted }) => {
      void gate.pass();
      return new Promise((_, reject) => {
        aborted.addEventListener("abort", () => reject(aborted.reason));
      });
    }),
  );
  const actor = await stage.hire(() => [waits, busy], { concurrency: 1, suspendAfter: "10ms" });
  const ids: RunId[] = [];
  for (let at = 0; at < 300; at++) ids.push(await stage.submit("waits", `w${at}`));
  await stage.clock.untilTrue(() => actor.worker.stats.held === 0, 60_000);
  const id = await stage.submit("busy");
  await stage.clock.untilTrue(() => gate.arrivals === 1);
  for (const waiting of ids) {
    stage.put(waiting, { type: "Signal", name: "go", payload: NOTHING });
    stage.put(waiting, { type: "Signal", name: "go", payload: NOTHING });
  }
  await stage.clock.advance(2_000);
  await stage.clock.until(stage.client.attach(id).cancel("by hand"));
  await stage.until(id, "cancelled");
  for (const waiting of ids) await stage.until(waiting, "completed", 60_000);
  await stage.clock.untilTrue(() => actor.worker.stats.executing === 0);
  expect(actor.worker.stats.held).toBe(0);
});

const NOTHING = { encoding: "undefined", data: new Uint8Array() };

test("a child with a priority is refused: it would wait like any other", async () => {
  const stage = new Stage();
  const parent = flow("parent", async (ctx) => {
    const options = { priority: "high" } as object;
    await ctx.submit("child", undefined, options);
  });
  await stage.hire(() => [parent]);
  const id = await stage.submit("parent");
  await stage.until(id, "failed");
  const result = stage.client.attach(id).result();
  await expect(stage.clock.until(result)).rejects.toMatchObject({
    cause: { code: "INVALID_OPTION" },
  });
});
