/** A worker that dies at any write, writes whose answers are lost, leases that end early: each message counts once. */
import fc from "fast-check";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { startIngress } from "../../src/automation/ingress/start-ingress.ts";
import { Millrace } from "../../src/client/millrace.ts";
import { flow } from "../../src/definition/flow.ts";
import { BlobStoreError } from "../../src/engine/payload-errors.ts";
import type { PayloadOptions } from "../../src/payloads/payloads.ts";
import type { BlobStore } from "../../src/ports/blob-store.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import type { MemoryConnection } from "../../src/testing/memory-connection.ts";
import type { MemoryWrite } from "../../src/testing/memory-faults.ts";
import { decodeInput } from "../../src/wire/input-codec.ts";
import { decodeSubmission } from "../../src/wire/submission-codec.ts";

const job = flow("job", () => undefined);
const definitions = new Map([["job", job]]);

class World {
  readonly clock = new ManualClock();
  readonly broker = new MemoryBroker({ clock: this.clock, namespace: "test" });

  publish(
    what: string,
    body: string | Uint8Array = "",
    headers: Readonly<Record<string, string>> = {},
  ) {
    const data = typeof body === "string" ? new TextEncoder().encode(body) : body;
    const sequence = this.broker.publish(`millrace.test.${what}`, data, headers);
    if (sequence === undefined) throw new Error(`Nothing holds ${what}`);
    return sequence;
  }

  /** Begins to take in what is published. Nobody executes the runs. */
  async worker(options: PayloadOptions = {}): Promise<MemoryConnection> {
    const connection = this.broker.connect();
    const millrace = new Millrace(connection, connection.clock, options);
    let isReading = false;
    void startIngress(
      {
        millrace,
        clock: connection.clock,
        log: pino({ level: "silent" }),
        worker: "w",
        definitions,
        triggers: [],
        schedules: [],
      },
      { onDue: ({ delivery }) => delivery.ack() },
    ).then(() => {
      isReading = true;
    });
    // One that dies on the way never says so.
    await this.clock.untilTrue(() => isReading || connection.state === "crashed", 60_000);
    return connection;
  }

  /** Resolves when nothing stands in the ingress but dead letters. */
  async taken(): Promise<void> {
    const { bus } = this.broker.connect();
    for (let rounds = 0; rounds < 100; rounds++) {
      await this.clock.advance(2_000);
      const left = bus.subjects(bus.streams.published, "millrace.test.>");
      if ((await this.clock.until(left)).size === 0) return;
    }
    throw new Error("Something stays in the ingress");
  }

  /** The runs that were submitted, one for each stored submission. */
  runs(): readonly string[] {
    return this.#of("new").map((data) => {
      const decoded = decodeSubmission(data);
      return decoded.kind === "ok" ? decoded.value.runId : "foreign";
    });
  }

  /** The ids of the inputs that a run would fold: each once. */
  inputs(): ReadonlySet<string> {
    const ids = this.#of("in").map((data) => {
      const decoded = decodeInput(data);
      return decoded.kind === "ok" ? decoded.value.inputId : "foreign";
    });
    return new Set(ids);
  }

  async letters(): Promise<readonly { readonly id: string; readonly reason: string }[]> {
    const { deadLetters } = new Millrace(this.broker.connect(), this.clock);
    return (await this.clock.until(deadLetters.list({ limit: 1_000 }))).letters;
  }

  #of(kind: string): readonly Uint8Array[] {
    return this.broker
      .messages()
      .filter(({ subject }) => subject.split(".")[3] === kind)
      .map(({ data }) => data);
  }
}

/** One message of each kind, and what has to come of all of them. */
function publishAll(world: World): () => Promise<void> {
  const plain = world.publish("submit.job", "1");
  world.publish("submit.job", "2", { "Millrace-Key": "k" });
  world.publish("submit.job", "3", { "Millrace-Key": "k" });
  const bad = world.publish("submit.job", "{");
  world.publish("submit.job", "", { "Millrace-Key": "w" });
  const signal = world.publish("signal.job.w.paid", '"x"');
  world.publish("submit.job", "", { "Millrace-Key": "gone" });
  world.publish("cancel.job.gone", "why");
  return async () => {
    expect(world.runs().toSorted()).toEqual(
      [`job:ingress-${plain}`, "job:k", "job:w", "job:gone"].toSorted(),
    );
    expect(world.inputs()).toEqual(new Set([`signal/paid/ingress-${signal}`]));
    expect((await world.letters()).map(({ id }) => id)).toEqual([`ingress/${bad}`]);
    const gone = new Millrace(world.broker.connect(), world.clock).attach("job:gone");
    expect(await world.clock.until(gone.state())).toMatchObject({ status: "cancelled" });
  };
}

describe.each(["before", "after"] as const)("a worker that dies %s any write", (when) => {
  test("leaves every message done once by the next one", async () => {
    let deaths = 0;
    for (let write = 1; ; write++) {
      const world = new World();
      const check = publishAll(world);
      let doomed: MemoryConnection | undefined;
      let writes = 0;
      const meet = ({ process, kind }: MemoryWrite): void => {
        if (process !== doomed || kind === "control") return;
        writes++;
        if (writes === write) doomed?.crash();
      };
      world.broker.inject({
        beforeWrite: (one) => {
          doomed ??= one.process as MemoryConnection;
          if (when === "before") meet(one);
          return "stored";
        },
        afterWrite: (one) => {
          if (when === "after") meet(one);
        },
      });
      doomed = await world.worker();
      await world.clock.advance(2_000);
      await world.worker();
      await world.taken();
      await check();
      if (doomed.state !== "crashed") break;
      deaths++;
    }
    // Four submissions, a signal, a closing frame, a dead letter.
    expect(deaths).toBeGreaterThanOrEqual(7);
  });
});

test("answers that are lost and leases that end early do nothing twice", async () => {
  const world = new World();
  const check = publishAll(world);
  let writes = 0;
  world.broker.inject({
    beforeWrite: () => {
      writes++;
      return writes % 3 === 0 ? "ack lost" : writes % 4 === 0 ? "not stored" : "stored";
    },
  });
  await world.worker();
  await world.worker();
  for (let lapses = 0; lapses < 20; lapses++) {
    world.broker.lapseLeases();
    await world.clock.advance(300);
  }
  await world.taken();
  await check();
  expect(writes).toBeGreaterThan(10);
});

test("a blob store that is away makes nothing a dead letter: the message waits", async () => {
  const world = new World();
  let isAway = true;
  const own = world.broker.blobs;
  const blobs: BlobStore = {
    name: "away",
    put: (blob) =>
      isAway ? Promise.reject(new BlobStoreError("away", "does not answer.")) : own.put(blob),
    get: (key) => own.get(key),
  };
  const large = world.publish("submit.job", JSON.stringify("x".repeat(200_000)));
  const small = world.publish("submit.job", "1");
  await world.worker({ blobs });
  await world.clock.advance(120_000);
  expect(world.runs()).toEqual([`job:ingress-${small}`]);
  isAway = false;
  await world.taken();
  expect(new Set(world.runs())).toEqual(new Set([`job:ingress-${small}`, `job:ingress-${large}`]));
  expect(await world.letters()).toEqual([]);
});

test("an input that no store takes is refused, and so is a replay of what could not be kept", async () => {
  const world = new World();
  const large = world.publish("submit.job", JSON.stringify("x".repeat(900_000)));
  const small = world.publish("submit.job", "1");
  await world.worker({ blobs: "none" });
  await world.taken();
  expect(world.runs()).toEqual([`job:ingress-${small}`]);
  expect(await world.letters()).toMatchObject([
    { id: `ingress/${large}`, reason: expect.stringContaining("bytes") },
  ]);
  const { deadLetters } = new Millrace(world.broker.connect(), world.clock);
  await expect(world.clock.until(deadLetters.replay(`ingress/${large}`))).rejects.toThrow(
    "its body was not kept",
  );
});

const nonsense = fc.record({
  what: fc.constantFrom(
    "submit.job",
    "submit.job.more",
    "signal.job.k",
    "signal.job.k.paid",
    "signal.job.--zz-.paid",
    "cancel.job.k",
    "cancel.job.k.more",
  ),
  body: fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.json().map(bytesOf)),
  headers: fc.dictionary(
    fc.constantFrom(
      "Millrace-Key",
      "Millrace-Delay",
      "Millrace-Queue",
      "Millrace-Wish",
      "Content-Type",
      "Nats-Msg-Id",
    ),
    fc.oneof(fc.string({ unit: "binary", maxLength: 20 }), fc.constantFrom("a", "10s")),
    { maxKeys: 3, noNullPrototype: true },
  ),
});

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

test("whatever is published between good messages, all good ones run, and nothing stays behind", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(nonsense, { maxLength: 20 }), async (bad) => {
      const world = new World();
      const good: string[] = [];
      const worker = await world.worker();
      for (const { what, body, headers } of bad) {
        // The broker drops it when it had the same id before.
        world.broker.publish(`millrace.test.${what}`, body, headers);
        good.push(`job:ingress-${world.publish("submit.job", "1")}`);
      }
      await world.clock.advance(200_000);
      await world.taken();
      const runs = world.runs();
      expect(new Set(runs).size).toBe(runs.length);
      expect(runs).toEqual(expect.arrayContaining(good));
      for (const { reason } of await world.letters()) expect(reason).not.toBe("");
      expect(worker.state).toBe("running");
    }),
    { numRuns: 60 },
  );
});
