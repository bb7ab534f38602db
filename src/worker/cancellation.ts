import { shortReason } from "../engine/input.ts";
import type { RunEvent, RunEventBody } from "../engine/run-event.ts";
import type { RunTimers } from "./run-timers.ts";

/** Whether and why a run is to stop: asked for by an input or by its deadline, the first one counts. */
export class Cancellation {
  readonly #parts: CancellationParts;
  #reason: string | undefined;

  constructor(parts: CancellationParts) {
    this.#parts = parts;
  }

  get isRequested(): boolean {
    return this.#reason !== undefined;
  }

  /** Why it is to stop; empty when nobody asked for that, or gave no reason. */
  get reason(): string {
    return this.#reason ?? "";
  }

  /** When the run is to be stopped, in milliseconds since 1970, if it is not already to stop; 0 for never. */
  get deadlineAt(): number {
    return this.isRequested ? 0 : this.#parts.deadlineAt;
  }

  /** Learns from an event of the history. */
  see(event: RunEvent): void {
    if (event.type === "CancelRequested") this.#reason ??= event.reason;
  }

  /** Records the request, unless there is one. */
  request(reason: string): void {
    this.#request(reason, "input");
  }

  /** True when the deadline has passed by now; then the request is recorded. */
  requestIfLate(now: number): boolean {
    const { deadlineAt } = this.#parts;
    if (deadlineAt === 0 || deadlineAt > now) return false;
    this.#requestByDeadline();
    return true;
  }

  watchDeadline(timers: RunTimers): void {
    const { deadlineAt } = this;
    if (deadlineAt > 0) timers.at(DEADLINE, deadlineAt, () => this.#requestByDeadline());
  }

  #requestByDeadline(): void {
    const time = new Date(this.#parts.deadlineAt).toISOString();
    this.#request(`its deadline, ${time}, has passed`, "deadline");
  }

  #request(reason: string, by: "input" | "deadline"): void {
    if (this.isRequested) return;
    this.#reason = shortReason(reason);
    this.#parts.record({ type: "CancelRequested", reason: this.#reason, by });
  }
}

export interface CancellationParts {
  /** In milliseconds since 1970; 0 for never. */
  readonly deadlineAt: number;
  readonly record: (body: RunEventBody) => void;
}

/** The name of a timer that no flow can ask for. */
const DEADLINE = "@deadline";
