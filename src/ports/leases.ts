import type { HeldToken } from "../engine/peer-watch/held-list.ts";

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
  /**
   * Calls back when another worker that this one watches was killed, with what it held for longer than a moment, as far as is
   * known: a hint that comes late, twice, or never. An adapter may leave it out: then leases run out.
   */
  onMissing(call: (peer: MissingPeer) => void): void;
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
  openLeases(worker: string, options: LeaseOptions): Promise<LeaseKeeper>;
  /** `unknown` when no answer came: that is not a no. */
  asks(worker: string, held: HeldRun): Promise<"held" | "gone" | "unknown">;
}

export interface LeaseOptions {
  readonly leaseMs: number;
  /** An event loop that is blocked for longer is hung: nothing is kept any more. */
  readonly maxBlockedMs: number;
  /** Whether it watches others that do so too, and lets them watch it. */
  readonly watch: boolean;
}

/** A worker that is there no more. */
export interface MissingPeer {
  readonly worker: string;
  /** Tokens of activations that it had. */
  readonly held: readonly HeldToken[];
}

/** A run as its head says that it is held. */
export interface HeldRun {
  readonly run: string;
  readonly partition: number;
  readonly token: number;
  readonly epoch: number;
}
