import type { ExportOptions } from "../../bundle/make-bundle.ts";
import type { Signal } from "../../definition/signal.ts";
import type { Millrace, RecordedEvent, RunHandle, RunStatus } from "../../index.ts";
import { saveBundle } from "./bundles.ts";
import { type EventPattern, matches } from "./event-pattern.ts";
import { TestStuckError } from "./kit-errors.ts";
import { realPause } from "./real-time.ts";
import type { SignalWaits } from "./signal-waits.ts";
import { openEvent, type TestEvent } from "./test-event.ts";
import type { Stuck, VirtualClock } from "./virtual-clock.ts";

/** A run of a test engine. Waiting for it lets the engine's time go on. */
export class TestRun<Output = unknown> {
  readonly id: string;
  /** The handle underneath: all that a program can do with a run. What is awaited of it lets no time go on. */
  readonly handle: RunHandle<Output>;
  readonly #parts: TestRunParts;

  constructor(handle: RunHandle, parts: TestRunParts) {
    this.id = handle.id;
    this.handle = handle as RunHandle<Output>;
    this.#parts = parts;
  }

  /**
   * The run's output. What only waits takes no time of the machine's, however long it is.
   * @throws what {@link RunHandle.result} throws, and {@link TestStuckError} as soon as the run is parked, or nothing happens any
   * more unless the test does something.
   */
  result(): Promise<Output> {
    return this.#during(this.#unlessParked(this.handle.result()), "does not end");
  }

  /**
   * Lets time go on until the run has this status, or has recorded such an event, or its flow waits for this signal.
   * @throws {@link TestStuckError} when the run ends before, is parked, or nothing happens any more.
   */
  until(what: RunStatus | EventPattern | AnySignal): Promise<void> {
    const { text, reached } = this.#reached(what);
    return this.#during(this.#unlessParked(this.#unlessEnded(reached, text)), `is not ${text}`);
  }

  /** Sends a value by a signal, at this very moment of the engine's time. */
  signal<Value, Wire>(
    signal: Signal<Value, Wire>,
    ...args: undefined extends Wire ? [value?: NoInfer<Wire>] : [value: NoInfer<Wire>]
  ): Promise<void> {
    return this.#during(this.handle.signal(signal, ...args), "takes no signal");
  }

  cancel(reason?: string): Promise<void> {
    return this.#during(this.handle.cancel(reason), "takes no cancel request");
  }

  /** The runs that its flow has submitted so far. */
  async children(): Promise<readonly TestRun[]> {
    const children = await this.handle.children();
    return children.map((child) => new TestRun(child, this.#parts));
  }

  /** What is recorded of the run so far, its values decoded. */
  async events(): Promise<readonly TestEvent[]> {
    const events: TestEvent[] = [];
    for await (const event of this.handle.events()) events.push(openEvent(event));
    return events;
  }

  /** Writes all that is recorded of the run to a file, which {@link loadBundle} reads. */
  toBundle(path: string | URL, options: ExportOptions = {}): Promise<void> {
    return saveBundle(this.#parts.millrace, this.id, path, options);
  }

  #during<T>(promise: Promise<T>, what: string): Promise<T> {
    return this.#parts.clock.during(Promise.race([promise, this.#parts.broken]), this.#stuck(what));
  }

  #stuck(what: string): Stuck {
    return async ({ why, nextDueAt }) => {
      if (why === "never ends") {
        const rule = "Its flow goes on and on: let time pass by engine.advance(…), and ask then.";
        return new TestStuckError(this.id, `Run ${this.id} ${what}. ${rule}`);
      }
      const due = nextDueAt === undefined ? "" : ` Next is due ${new Date(nextDueAt).toJSON()}:`;
      const stands = `Time stands still here.${due} move it by engine.advance(…).`;
      const nothing = "Nothing happens any more unless the test does something.";
      const reason = nextDueAt === undefined ? nothing : stands;
      return new TestStuckError(this.id, `Run ${this.id} ${what}: ${await this.#why()} ${reason}`);
    };
  }

  /** Why the run is where it is. Asking takes no time here, unless whoever is asked is dead. */
  async #why(): Promise<string> {
    const explained = this.handle.explain().then(
      ({ sentence }) => sentence,
      (error: unknown) => String(error),
    );
    let why = "it is not known why.";
    const known = explained.then((sentence) => {
      why = sentence;
    });
    await realPause(LONGEST_ASK_MS, known);
    return why;
  }

  async #unlessParked<T>(awaited: Promise<T>): Promise<T> {
    const over = new AbortController();
    try {
      return await Promise.race([awaited, this.#parked(over.signal)]);
    } finally {
      over.abort(new Error("It is over."));
    }
  }

  async #parked(signal: AbortSignal): Promise<never> {
    await this.#untilView(signal, ({ status }) => status === "parked");
    throw new TestStuckError(this.id, `Run ${this.id} is parked: ${await this.#why()}`);
  }

  async #unlessEnded(awaited: Promise<void>, text: string): Promise<void> {
    const over = new AbortController();
    let status = "";
    const ended = this.#untilView(over.signal, (view) => {
      ({ status } = view);
      return view.closed;
    }).then(async () => {
      // Its last event may be what is waited for, and be told a moment later.
      await this.events();
      throw new TestStuckError(this.id, `Run ${this.id} is ${status}, and never was ${text}.`);
    });
    try {
      await Promise.race([awaited, ended]);
    } finally {
      over.abort(new Error("It is over."));
    }
  }

  /** Resolves when the run is seen in such a state, and never if it is not. */
  async #untilView(
    signal: AbortSignal,
    isSo: (view: { readonly status: RunStatus; readonly closed: boolean }) => boolean,
  ): Promise<void> {
    for await (const view of this.handle.watch({ signal })) if (isSo(view)) return;
    await new Promise(() => undefined);
  }

  #reached(what: RunStatus | EventPattern | AnySignal): Reached {
    if (typeof what === "string") {
      const isSo = ({ status }: { readonly status: RunStatus }): boolean => status === what;
      return { text: what, reached: this.#untilView(new AbortController().signal, isSo) };
    }
    if ("type" in what) {
      return { text: `where ${what.type} is recorded`, reached: this.#untilEvent(what) };
    }
    const text = `waiting for signal ${what.name}`;
    return { text, reached: this.#parts.waits.until(this.id, what.name) };
  }

  async #untilEvent(pattern: EventPattern): Promise<void> {
    const events: AsyncIterable<RecordedEvent> = this.handle.events({ follow: true });
    for await (const event of events) if (matches(openEvent(event), pattern)) return;
    await new Promise(() => undefined);
  }
}

export interface TestRunParts {
  readonly millrace: Millrace;
  readonly clock: VirtualClock;
  readonly waits: SignalWaits;
  /** Rejects when the engine has no worker, and can have none. */
  readonly broken: Promise<never>;
}

interface AnySignal {
  readonly kind: "signal";
  readonly name: string;
}

interface Reached {
  readonly text: string;
  readonly reached: Promise<void>;
}

/** By the machine's clock. */
const LONGEST_ASK_MS = 500;
