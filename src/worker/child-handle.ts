import type { ChildRun } from "../definition/child-run.ts";
import type { RunId } from "../engine/run-id.ts";

/** Another run as a flow sees it. What it does goes through the context, and is durable like everything else. */
export class ChildHandle implements ChildRun<never> {
  readonly id: RunId;
  readonly #actions: ChildActions;

  constructor(id: RunId, actions: ChildActions) {
    this.id = id;
    this.#actions = actions;
  }

  result(): Promise<never> {
    return this.#actions.result() as Promise<never>;
  }

  cancel(reason = ""): Promise<void> {
    return this.#actions.cancel(reason);
  }

  signal(signal: Parameters<ChildRun["signal"]>[0], value?: unknown): Promise<void> {
    return this.#actions.signal(signal, value);
  }
}

export interface ChildActions {
  result(): Promise<unknown>;
  cancel(reason: string): Promise<void>;
  signal(signal: Parameters<ChildRun["signal"]>[0], value: unknown): Promise<void>;
}
