import { pino } from "pino";
import { onTestFinished } from "vitest";
import { Millrace } from "../../../src/client/millrace.ts";
import type { AnyDefinition } from "../../../src/definition/definition.ts";
import type { RecordedFrame } from "../../../src/engine/frame.ts";
import type { InputBody } from "../../../src/engine/input.ts";
import type { RunEvent } from "../../../src/engine/run-event.ts";
import { parseRunId, type RunId } from "../../../src/engine/run-id.ts";
import { foldFrames, type RunState } from "../../../src/engine/run-state.ts";
import { sortableId } from "../../../src/engine/sortable-id.ts";
import { chain } from "../../../src/history/run-history.ts";
import type { Delivery } from "../../../src/ports/work-queue.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../../src/testing/memory-broker.ts";
import type { MemoryConnection } from "../../../src/testing/memory-connection.ts";
import { encodeInput } from "../../../src/wire/input-codec.ts";
import { type ServeOptions, type ServingWorker, serve } from "../../../src/worker/serve.ts";

/** So long that within a test nothing is handed out again only because time went by. */
export const LONG_LEASE = "10m";

/** A broker, a clock, workers in processes of their own, and somebody outside who looks and meddles. */
export class Stage {
  readonly clock = new ManualClock();
  readonly broker: MemoryBroker;
  readonly outside: MemoryConnection;
  readonly client: Millrace;
  /** Everything that was handed to a worker, in order. */
  readonly deliveries: Delivery[] = [];

  constructor(latencyMs = 1) {
    this.broker = new MemoryBroker({ clock: this.clock, latencyMs: () => latencyMs });
    this.outside = this.broker.connect();
    this.client = new Millrace(this.outside, this.clock);
    const before = process.listeners("unhandledRejection");
    onTestFinished(() => {
      // Workers that were killed never drain, and would go on watching.
      for (const listener of process.listeners("unhandledRejection")) {
        if (!before.includes(listener)) process.off("unhandledRejection", listener);
      }
    });
  }

  /** Starts a worker. What it serves is made for it, so that a step knows where it runs. */
  async hire(
    serves: (actor: Actor) => readonly AnyDefinition[],
    options: Partial<ServeOptions> = {},
  ): Promise<Actor> {
    const connection = this.broker.connect();
    const { queues } = connection;
    const open = queues.open.bind(queues);
    queues.open = (asked) => {
      const onDelivery = (delivery: Delivery): void => {
        this.deliveries.push(delivery);
        asked.onDelivery(delivery);
      };
      return open({ ...asked, onDelivery });
    };
    const actor: Actor = { connection, worker: undefined as never };
    const starting = serve(serves(actor), {
      connection: { broker: connection },
      clock: connection.clock,
      lease: LONG_LEASE,
      log: pino({ level: "silent" }),
      ...options,
    });
    Object.assign(actor, { worker: await this.clock.until(starting) });
    await this.clock.advance(100); // Its first requests have arrived.
    return actor;
  }

  async submit(flow: string, key = "k"): Promise<RunId> {
    return (await this.clock.until(this.client.submit(flow, undefined, { key }))).id;
  }

  /** Puts a wake into a run's inbox at once, as a peer or a client would, and gives its sequence. */
  wake(id: RunId, replaces: readonly number[] = []): number {
    const { flow } = parseRunId(id);
    return this.put(id, { type: "Wake", replaces, resume: false, queue: flow });
  }

  /** Puts any input into a run's inbox at once, past all that a client checks, and gives its sequence. */
  put(id: RunId, body: InputBody): number {
    const { flow, token } = parseRunId(id);
    const sentAt = this.clock.now();
    const inputId = sortableId(sentAt, Math.random);
    const input = encodeInput({ inputId, sentAt, body });
    this.broker.store(`mr.test.0.in.${flow}.${flow}.${token}`, input);
    return this.broker.messages().length;
  }

  frames(id: RunId): readonly RecordedFrame[] {
    const end = id.replace(":", ".");
    const stored = this.broker.messages();
    return chain(stored.filter(({ subject }) => subject.endsWith(`.h.${end}`))).frames;
  }

  events<T extends RunEvent["type"]>(
    id: RunId,
    type: T,
  ): readonly Extract<RunEvent, { type: T }>[] {
    const events = this.frames(id).flatMap((frame) => frame.events);
    return events.filter((event) => event.type === type) as Extract<RunEvent, { type: T }>[];
  }

  state(id: RunId): RunState {
    const state = foldFrames(this.frames(id));
    if (state === undefined) throw new Error(`${id} has no history`);
    return state;
  }

  status(id: RunId): string {
    return foldFrames(this.frames(id))?.status ?? "pending";
  }

  /** Waits, by this clock, until the run has this status. */
  until(id: RunId, status: string, limitMs = 20_000): Promise<void> {
    return this.clock.untilTrue(() => this.status(id) === status, limitMs);
  }

  /** Sequences of all messages that nobody has acked. */
  get unacked(): readonly number[] {
    return this.broker
      .unacked()
      .map(({ sequence }) => sequence)
      .toSorted((one, other) => one - other);
  }
}

/** A worker and the process in which it runs. */
export interface Actor {
  readonly connection: MemoryConnection;
  readonly worker: ServingWorker;
}

/** A gate that steps wait at until it is opened. */
export class Gate {
  readonly #opened: Promise<void>;
  /** How many have come to it so far. */
  arrivals = 0;
  open: () => void = () => undefined;

  constructor() {
    this.#opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }

  async pass(): Promise<void> {
    this.arrivals++;
    await this.#opened;
  }
}
