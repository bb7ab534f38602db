/** Histories of all kinds, told by publishers that die anywhere: each change of a status once, in its order. */
import fc from "fast-check";
import { pino } from "pino";
import { expect, test } from "vitest";
import { PUBLISHER_LIMITS } from "../../src/automation/events/publisher-limits.ts";
import { startRunEvents } from "../../src/automation/events/start-run-events.ts";
import { Millrace } from "../../src/client/millrace.ts";
import type { CloudEvent, RunEventData } from "../../src/engine/cloud-event.ts";
import type { FrameStatus } from "../../src/engine/frame.ts";
import type { RunEvent } from "../../src/engine/run-event.ts";
import { type RunRef, runRef } from "../../src/engine/run-id.ts";
import { runStatus } from "../../src/engine/run-status.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import type { MemoryConnection } from "../../src/testing/memory-connection.ts";
import { encodeFrame } from "../../src/wire/frame-codec.ts";
import { encodeSubmission } from "../../src/wire/submission-codec.ts";
import { toldEvents } from "../contract/support/told-events.ts";
import { anyStatus } from "../engine/support/arbitraries.ts";

const run = fc.integer({ min: 0, max: 3 });

const anyDeed = fc.oneof(
  { weight: 2, arbitrary: fc.record({ deed: fc.constant("submit" as const), run }) },
  {
    weight: 8,
    arbitrary: fc.record({
      deed: fc.constant("frame" as const),
      run,
      status: anyStatus,
      tags: fc.option(fc.array(fc.constantFrom("a", "b"), { maxLength: 2 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ deed: fc.constant("noise" as const), run }) },
  /** A frame of the run's past, once more. */
  { weight: 1, arbitrary: fc.record({ deed: fc.constant("copy" as const), run }) },
  {
    weight: 2,
    arbitrary: fc.record({
      deed: fc.constant("time" as const),
      ms: fc.constantFrom(1, 5, 30, 500, 2_000),
    }),
  },
);

type Deed = typeof anyDeed extends fc.Arbitrary<infer D> ? D : never;

/** After so many writes of publishers, the next one meets its fate. `away`: how long nobody publishes after a death. */
const anyFault = fc.record({
  after: fc.integer({ min: 0, max: 12 }),
  fate: fc.constantFrom("dies before", "dies after", "ack lost", "not stored"),
  away: fc.constantFrom(0, 50, 7_000, 200_000),
});

test("whatever happens to runs and publishers, each change of a status stands in the stream once, in its order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyDeed, { maxLength: 60 }),
      fc.array(anyFault, { maxLength: 6 }),
      fc.constantFrom(0, 1_500, 100_000),
      fc.integer({ min: 1, max: 20 }),
      async (deeds, faults, factsBytes, batch) => {
        const stage = new PublishingStage(faults, { factsBytes, batch });
        stage.hire();
        for (const deed of deeds) await stage.does(deed);
        const { found, expected } = await stage.ends();
        expect(found.map(({ id }) => id).toSorted()).toEqual(
          expected.map(({ id }) => id).toSorted(),
        );
        expect(byRun(found)).toEqual(byRun(expected));
      },
    ),
    { numRuns: 150 },
  );
}, 300_000);

/** What is compared of an event. */
interface Told {
  readonly id: string;
  readonly run: string;
  readonly status: string;
  readonly previous: string | undefined;
  readonly tags: readonly string[];
}

function toldOf({ id, data }: CloudEvent<RunEventData>): Told {
  const { run: of, status, previous, tags } = data;
  return { id, run: of, status, previous, tags };
}

/** Run by run, each run's own in their order. */
function byRun(events: readonly Told[]): readonly Told[] {
  return events.toSorted((one, other) => one.run.localeCompare(other.run));
}

class PublishingStage {
  readonly #clock = new ManualClock();
  readonly #broker = new MemoryBroker({ clock: this.#clock, latencyMs: () => 1 });
  readonly #outside = this.#broker.connect();
  readonly #faults: (typeof anyFault extends fc.Arbitrary<infer F> ? F : never)[];
  readonly #limits: { readonly factsBytes: number; readonly batch: number };
  readonly #runs = Array.from({ length: 4 }, (_, at) => new WrittenRun(runRef("f", `${at}`)));
  #publisher: MemoryConnection | undefined;
  #hired = 0;
  #written = 0;

  constructor(
    faults: readonly (typeof anyFault extends fc.Arbitrary<infer F> ? F : never)[],
    limits: { readonly factsBytes: number; readonly batch: number },
  ) {
    this.#faults = [...faults];
    this.#limits = limits;
    this.#broker.inject({
      beforeWrite: ({ process, kind }) => {
        if (process !== this.#publisher || !isOfPublisher(kind)) return "stored";
        const [next] = this.#faults;
        if (next === undefined || ++this.#written <= next.after) return "stored";
        if (next.fate === "dies after") return "stored";
        this.#fault();
        if (next.fate !== "dies before") return next.fate;
        this.#die(next.away);
        return "stored";
      },
      afterWrite: ({ process, kind }) => {
        const [next] = this.#faults;
        if (process !== this.#publisher || !isOfPublisher(kind)) return;
        if (next?.fate !== "dies after" || this.#written <= next.after) return;
        this.#fault();
        this.#die(next.away);
      },
    });
  }

  hire(): void {
    const connection = this.#broker.connect();
    this.#publisher = connection;
    void startRunEvents(
      {
        millrace: new Millrace(connection, connection.clock),
        clock: connection.clock,
        log: pino({ level: "silent" }),
        worker: `w${this.#hired++}`,
        definitions: new Map(),
        triggers: [],
        schedules: [],
      },
      { ...PUBLISHER_LIMITS, ...this.#limits, leaseMs: 1_000, markMs: 20, retryMs: 30 },
    );
  }

  async does(deed: Deed): Promise<void> {
    if (deed.deed === "time") return this.#clock.advance(deed.ms);
    const written = this.#runs[deed.run];
    if (written !== undefined) await this.#clock.until(written.does(deed, this.#outside));
  }

  /** What is told in the end, and what is to be. */
  async ends(): Promise<{ readonly found: readonly Told[]; readonly expected: readonly Told[] }> {
    const expected = this.#runs.flatMap(({ told }) => told);
    const events = async (): Promise<readonly Told[]> => {
      const found = await this.#clock.until(toldEvents(this.#outside));
      return (found as readonly CloudEvent<RunEventData>[]).map(toldOf);
    };
    for (let tries = 0; (await events()).length < expected.length && tries < 400; tries++) {
      await this.#clock.advance(1_000);
    }
    // Nobody tells anything twice.
    await this.#clock.advance(10_000);
    return { found: await events(), expected };
  }

  #fault(): void {
    this.#faults.shift();
    this.#written = 0;
  }

  #die(awayMs: number): void {
    this.#publisher?.crash();
    this.#publisher = undefined;
    this.#clock.after(awayMs, () => this.hire());
  }
}

/** A run as the test writes it, and what is to be told of it. */
class WrittenRun {
  readonly ref: RunRef;
  readonly told: Told[] = [];
  #frames: Uint8Array[] = [];
  #isSubmitted = false;
  /** Of the last message on the subject, and of the last true frame. */
  #last = 0;
  #head = 0;
  #annotated = 0;
  #epoch = 0;
  #tags: readonly string[] = [];

  constructor(ref: RunRef) {
    this.ref = ref;
  }

  async does(
    deed: Exclude<Deed, { readonly deed: "time" }>,
    { log }: MemoryConnection,
  ): Promise<void> {
    if (deed.deed === "submit" && !this.#isSubmitted) {
      const outcome = await log.submit(this.ref, "f", this.#submission());
      this.#isSubmitted = true;
      this.#tell(sequenceOf(outcome), "pending");
      return;
    }
    if (!this.#isSubmitted) return;
    if (deed.deed === "noise") await this.#append(log, Uint8Array.of(9, 9, 9));
    if (deed.deed === "copy") {
      const copy = this.#frames.at(-2) ?? this.#frames.at(-1);
      if (copy !== undefined) await this.#append(log, copy);
    }
    if (deed.deed === "frame") await this.#frame(log, deed.status, deed.tags);
  }

  async #frame(
    log: MemoryConnection["log"],
    status: FrameStatus,
    tags: readonly string[] | null,
  ): Promise<void> {
    const at = 1_000;
    const events: RunEvent[] = [
      {
        type: "Activated",
        at,
        epoch: ++this.#epoch,
        worker: "w",
        token: 1,
        reason: "woken",
        version: "",
      },
    ];
    if (tags !== null) {
      events.push({
        type: "Annotated",
        at,
        progress: undefined,
        tags,
        attributes: {},
        exposed: {},
      });
    }
    const bytes = encodeFrame({
      prev: this.#head,
      epoch: this.#epoch,
      writer: "w",
      status,
      inboxFolded: 0,
      token: 1,
      queue: "f",
      annotated: this.#annotated,
      events,
    });
    const sequence = await this.#append(log, bytes);
    this.#frames.push(bytes);
    this.#head = sequence;
    if (tags !== null) {
      this.#annotated = sequence;
      this.#tags = tags;
    }
    this.#tell(sequence, runStatus(status));
  }

  async #append(log: MemoryConnection["log"], bytes: Uint8Array): Promise<number> {
    this.#last = sequenceOf(await log.append(this.ref, this.#last, bytes));
    return this.#last;
  }

  #status: string | undefined;

  #tell(sequence: number, status: string): void {
    const previous = this.#status;
    this.#status = status;
    if (status === previous) return;
    const tags = ["t", ...this.#tags];
    this.told.push({ id: `0-${sequence}`, run: this.ref.id, status, previous, tags });
  }

  #submission(): Uint8Array {
    return encodeSubmission({
      runId: this.ref.id,
      queue: "f",
      submissionId: "s",
      input: { encoding: "undefined", data: new Uint8Array() },
      tags: ["t"],
      metadata: {},
      attributes: {},
      submittedAt: 1_000,
      replyTo: "",
      isKeyNew: false,
      parent: undefined,
      startAt: 0,
      deadlineAt: 0,
    });
  }
}

function isOfPublisher(kind: string): boolean {
  return kind === "publish" || kind === "control";
}

function sequenceOf(
  outcome: { readonly status: string } | { readonly status: "written"; readonly sequence: number },
): number {
  if ("sequence" in outcome) return outcome.sequence;
  throw new Error(`Not written: ${outcome.status}`);
}
