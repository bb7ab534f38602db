/**
 * Keeps messages for a worker, and answers for it, from a thread of its own: a blocked event loop keeps its leases, a
 * dead process loses them within one lease (I12).
 */
export interface LeaseKeeper {
  /** Keeps a message until it is let go. Takes effect before it returns, whatever the event loop does next. */
  keep(message: LeasedMessage): Lease;
  /** Aborts when the thread ended by itself, with the reason: nothing is kept any more, and nobody answers. */
  readonly ended: AbortSignal;
  /**
   * Calls back after somebody was told that this worker holds a run, with the run's id: it may have put something into the
   * run's inbox, and relies on this worker to look (I6). The run may have been given up by then.
   */
  onAsked(call: (run: string) => void): void;
  /** Stops the thread. Leases then run out. */
  close(): Promise<void>;
}

export interface LeasedMessage {
  readonly leaseId: string;
  readonly partition: number;
  readonly sequence: number;
}

export interface Lease {
  /** From now on the message is the token of an activation: say yes to whoever asks for it at this epoch. */
  hold(epoch: number): void;
  /** Keep it no longer, and answer no. */
  letGo(): void;
}

/** Asks other workers after the runs they hold. */
export interface Peers {
  /** Makes this worker's thread: the one that keeps its leases and answers questions. */
  openLeases(worker: string, leaseMs: number, maxBlockedMs: number): Promise<LeaseKeeper>;
  /** `unknown` when no answer came: that is not a no. */
  asks(worker: string, held: HeldRun): Promise<"held" | "gone" | "unknown">;
}

/** A run as its head says that it is held. */
export interface HeldRun {
  readonly run: string;
  readonly partition: number;
  readonly token: number;
  readonly epoch: number;
}
