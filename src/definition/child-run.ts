import type { Duration } from "../engine/duration.ts";
import type { RunId } from "../engine/run-id.ts";
import type { Signal } from "./signal.ts";
import type { SubmitOptions } from "./submit-options.ts";

/** Another run as a flow sees it: one that it submitted, or one that somebody else started. */
export interface ChildRun<Output = unknown> {
  readonly id: RunId;
  /**
   * The run's output, as soon as it has completed.
   * @throws {@link RunFailedError} (its `cause` is what the run threw), {@link RunCrashedError}, {@link RunCancelledError};
   * for an attached run that nobody submitted, at once an error with `code: "RUN_NOT_FOUND"`. That one comes out of the history
   * like a step's error: it is no instance of {@link RunNotFoundError}.
   */
  result(): Promise<Output>;
  /** Asks it to stop. Resolves when the request is durable; nothing happens when it has ended. */
  cancel(reason?: string): Promise<void>;
  /** Sends it a signal. Resolves when that is durable; nothing happens when it has ended. */
  signal<Value, Wire>(
    signal: Signal<Value, Wire>,
    ...args: undefined extends Wire ? [value?: NoInfer<Wire>] : [value: NoInfer<Wire>]
  ): Promise<void>;
}

/** Options of a run that a flow submits. Without a key it gets one that is the same in every replay. */
export interface ChildOptions extends Omit<SubmitOptions, "ifExists" | "priority"> {
  /**
   * What becomes of it when this run has closed: `cancel` it whatever the reason, or `abandon` it. Default: cancelled when
   * this run is cancelled, abandoned otherwise.
   */
  readonly onParentClose?: "cancel" | "abandon";
}

/** How long to wait for a signal. */
export interface ReceiveOptions {
  /** Then `undefined` comes back. Default: for ever. */
  readonly timeout?: Duration;
}
