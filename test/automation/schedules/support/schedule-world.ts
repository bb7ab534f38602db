import { pino } from "pino";
import { onTestFinished } from "vitest";
import { Millrace } from "../../../../src/client/millrace.ts";
import type { ScheduleJson } from "../../../../src/client/schedules.ts";
import { type FlowContext, flow, type Served, serve } from "../../../../src/index.ts";
import type { Clock } from "../../../../src/ports/clock.ts";
import { ManualClock } from "../../../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../../../src/testing/memory-broker.ts";
import type { MemoryConnection } from "../../../../src/testing/memory-connection.ts";
import { BusSubjects } from "../../../../src/wire/bus-subjects.ts";
import { cloudEventOf } from "../../../../src/wire/cloud-event-codec.ts";

/** Half a minute before a full one. */
export const START = Date.parse("2026-05-04T00:00:30.000Z");
export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

/** A namespace in memory whose clock a test moves, and all that schedules did in it. */
export class ScheduleWorld {
  readonly clock = new ManualClock(START);
  readonly broker = new MemoryBroker({ clock: this.clock });
  readonly millrace: Millrace;
  /** The key of each execution of the flow `job`, in their order, with how late it began in milliseconds. */
  readonly executed: { readonly key: string; readonly at: number }[] = [];
  /** Runs that are open wait until this is called. */
  readonly #gates = new Map<string, () => void>();

  constructor() {
    // Workers that crash never drain, and go on watching for rejections.
    const listeners = process.listeners("unhandledRejection");
    onTestFinished(() => {
      for (const listener of process.listeners("unhandledRejection")) {
        if (!listeners.includes(listener)) process.off("unhandledRejection", listener);
      }
    });
    const client = this.broker.connect();
    this.millrace = new Millrace(client, this.clock);
    onTestFinished(() => client.crash());
  }

  /** A worker process that serves `job`, which ends at once, `slow`, which waits for {@link finish}, and more. */
  async worker(
    served: readonly Served[] = [],
    clockOf?: (clock: Clock) => Clock,
  ): Promise<MemoryConnection> {
    const connection = this.broker.connect();
    const clock = clockOf?.(connection.clock) ?? connection.clock;
    const serving = serve([this.job, this.slow, ...served], {
      connection: new Millrace(connection, clock),
      clock,
      lease: "1s",
      log: pino({ level: process.env["MILLRACE_TEST_LOG"] ?? "silent" }),
    });
    await this.clock.until(serving);
    onTestFinished(() => connection.crash());
    return connection;
  }

  readonly job = flow("job", (ctx) => this.#note(ctx));
  readonly slow = flow("slow", async (ctx) => {
    this.#note(ctx);
    const key = keyOf(ctx);
    await ctx.step("wait", ({ signal }) => {
      return new Promise<void>((resolve, reject) => {
        this.#gates.set(key, resolve);
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      });
    });
  });

  /** Lets an open run of `slow` end. */
  async finish(key: string): Promise<void> {
    await this.clock.untilTrue(() => this.#gates.has(key));
    this.#gates.get(key)?.();
    const run = this.millrace.attach(`slow:${key}`);
    await this.clock.until(run.result());
  }

  put(schedule: ScheduleJson): Promise<unknown> {
    return this.clock.until(this.millrace.schedules.put(schedule));
  }

  /** Keys of the runs in the order in which they first began. */
  get keys(): readonly string[] {
    return [...new Set(this.executed.map(({ key }) => key))];
  }

  /** Keys of all submissions that are stored, however often the run began. */
  submitted(): readonly string[] {
    return this.broker
      .messages()
      .map(({ subject }) => subject.split("."))
      .filter((tokens) => tokens[3] === "new")
      .map((tokens) => tokens.at(-1) ?? "");
  }

  /** The data of all events of this type, with the type's rest after `millrace.`. */
  async systemEvents(type: string): Promise<readonly unknown[]> {
    const { bus } = this.millrace.broker;
    const filters = [new BusSubjects("test").systemEvent(type)];
    const found: unknown[] = [];
    const scan = async (): Promise<void> => {
      for await (const batch of bus.scan(bus.streams.events, { filters })) {
        found.push(...batch.map((message) => cloudEventOf(message).data));
      }
    };
    await this.clock.until(scan());
    return found;
  }

  #note(ctx: FlowContext): void {
    this.executed.push({ key: keyOf(ctx), at: this.clock.now() });
  }
}

/** `00:01:00` for a due time of the world's day. */
export function at(time: string): number {
  return Date.parse(`2026-05-04T${time}Z`);
}

/** The key of a schedule's run that is due at this time of the world's day. */
export function keyAt(schedule: string, time: string): string {
  return `${schedule}-20260504T${time.replaceAll(":", "")}Z`;
}

function keyOf({ runId }: FlowContext): string {
  return runId.slice(runId.indexOf(":") + 1);
}
