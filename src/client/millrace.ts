import type { AnyDefinition, Definition } from "../definition/definition.ts";
import type { Signal } from "../definition/signal.ts";
import type { SubmitOptions } from "../definition/submit-options.ts";
import { parseRunId } from "../engine/run-id.ts";
import { type PayloadOptions, Payloads } from "../payloads/payloads.ts";
import type { Broker } from "../ports/broker.ts";
import { type Clock, systemClock } from "../ports/clock.ts";
import type { ClientHost } from "./client-host.ts";
import { RunHandle } from "./run-handle.ts";
import { checkSignal, checkSignalId, sendSignal } from "./send-signal.ts";
import { submit } from "./submit.ts";

/** A connection to a namespace. Make one per process, share it, and close it at the end. */
export class Millrace {
  /** The ports underneath: for workers and tools. */
  readonly broker: Broker;
  /** Between values and what stands in messages: for workers and tools. */
  readonly payloads: Payloads;
  readonly #clock: Clock;

  constructor(broker: Broker, clock: Clock = systemClock, options: PayloadOptions = {}) {
    this.broker = broker;
    this.payloads = new Payloads(broker, clock, options);
    this.#clock = clock;
  }

  get namespace(): string {
    return this.broker.log.namespace;
  }

  /**
   * Submits a run, and comes back when it is durable. Submitting the same key again gives a handle on the same run.
   * @throws {@link InputInvalidError}, {@link NotSerializableError}, {@link PayloadTooLargeError} and
   * {@link InvalidNameError} before anything is sent; {@link RunExistsError} with `ifExists: "reject"`; {@link BrokerError}
   * when the broker confirms nothing for 30 s, {@link BlobStoreError} when the blob store takes nothing for so long.
   */
  submit<Input, Output, Wire>(
    definition: Definition<Input, Output, Wire>,
    ...args: undefined extends Wire
      ? [input?: NoInfer<Wire>, options?: SubmitOptions]
      : [input: NoInfer<Wire>, options?: SubmitOptions]
  ): Promise<RunHandle<Output>>;
  /** The same by name, for a process that does not have the code. The input is not checked here. */
  submit(flow: string, input?: unknown, options?: SubmitOptions): Promise<RunHandle>;
  submit(
    definition: AnyDefinition | string,
    input?: unknown,
    options: SubmitOptions = {},
  ): Promise<RunHandle<never>> {
    return submit(this.#host, definition, input, options) as Promise<RunHandle<never>>;
  }

  /**
   * Signals a run, and starts it first if there is none by this key: both are durable when it resolves, and neither is done
   * twice if it is called again with the same key and `signalId`.
   * @throws {@link RunClosedError} when the run has ended, and what {@link Millrace.submit} and {@link RunHandle.signal} throw.
   */
  async signalOrSubmit<Input, Output, Wire, Value, SignalWire>(
    definition: Definition<Input, Output, Wire>,
    input: NoInfer<Wire>,
    options: SubmitOptions & { readonly key: string; readonly signalId?: string },
    signal: Signal<Value, SignalWire>,
    ...args: undefined extends SignalWire
      ? [value?: NoInfer<SignalWire>]
      : [value: NoInfer<SignalWire>]
  ): Promise<RunHandle<Output>> {
    const { signalId, ...submitOptions } = options;
    if (signalId !== undefined) checkSignalId(signalId);
    const value = await checkSignal(signal, args[0]);
    const handle = await submit(this.#host, definition, input, submitOptions);
    await sendSignal(this.#host, parseRunId(handle.id), value, signalId);
    return handle as RunHandle<Output>;
  }

  /**
   * A handle on a run by its id. Reads nothing yet: what is not there is told by the handle's methods.
   * @throws {@link InvalidNameError} when this cannot be a run id.
   */
  attach<Output = unknown>(id: string): RunHandle<Output> {
    return new RunHandle(this.#host, parseRunId(id));
  }

  get #host(): ClientHost {
    return { broker: this.broker, clock: this.#clock, payloads: this.payloads };
  }

  /** Sends what is still on its way, then disconnects. Runs go on. */
  close(): Promise<void> {
    return this.broker.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
