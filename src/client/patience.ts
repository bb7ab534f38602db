import { BlobStoreError } from "../engine/payload-errors.ts";
import { BrokerError } from "../engine/usage-errors.ts";
import type { ClientHost } from "./client-host.ts";

/** How often a call may meet an absent broker: it is tried again, less and less often, until its time is over. */
export class Patience {
  readonly #host: Pick<ClientHost, "broker" | "clock">;
  readonly #deadline: number;
  #tries = 0;

  constructor(host: Pick<ClientHost, "broker" | "clock">, limitMs: number) {
    this.#host = host;
    this.#deadline = host.clock.now() + limitMs;
  }

  /** True when it is of no use to try again. */
  get isOver(): boolean {
    const { broker, clock } = this.#host;
    return broker.closed.aborted || clock.now() > this.#deadline;
  }

  /** Waits before the next try. */
  async pause(): Promise<void> {
    const againMs = Math.min(1_000, 50 * 2 ** this.#tries++);
    await new Promise<void>((resolve) => {
      this.#host.clock.after(againMs, resolve);
    });
  }

  /** Asks until the broker or blob store answers. @throws what `ask` throws when the time is over, or it is no absence. */
  async ask<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        const isAway = error instanceof BrokerError || error instanceof BlobStoreError;
        if (!isAway || this.isOver) throw error;
        await this.pause();
      }
    }
  }
}
