import type { Clock } from "../ports/clock.ts";

/** What a test can do to the process behind a connection. */
export interface MemoryProcess {
  /** The process's clock: stands still while it is paused, and for ever after a crash. */
  readonly clock: Clock;
  readonly state: "running" | "paused" | "crashed" | "closed";
  /** As `kill -9`: its calls never come back, its leases lapse, and peers hear that it is gone. */
  crash(): void;
  /** As `kill -STOP`: nothing reaches it and its leases lapse; peers that ask get no answer. */
  pause(): void;
  /** As `kill -CONT`: everything arrives that was queued for it, late answers and stale deliveries included. */
  resume(): void;
  /** The connection breaks and is there again: whatever was under way is lost, in both directions. */
  reconnect(): void;
}
