import type {
  HeldRun,
  Lease,
  LeasedMessage,
  LeaseKeeper,
  LeaseOptions,
  Peers,
} from "../ports/leases.ts";
import type { MemoryLink } from "./memory-link.ts";
import type { MemoryStore } from "./memory-store.ts";

/** Lease keepers and questions between them, as one connection has them. */
export class MemoryPeers implements Peers {
  readonly #broker: MemoryStore;
  readonly #link: MemoryLink;

  constructor(broker: MemoryStore, link: MemoryLink) {
    this.#broker = broker;
    this.#link = link;
  }

  async openLeases(worker: string, { leaseMs }: LeaseOptions): Promise<LeaseKeeper> {
    const keeper = new MemoryLeaseKeeper(this.#broker, this.#link, worker, leaseMs);
    await this.#link.ask(
      () => this.#broker.keepers.set(worker, keeper),
      (cause) => {
        throw cause;
      },
    );
    return keeper;
  }

  async asks(worker: string, held: HeldRun): Promise<"held" | "gone" | "unknown"> {
    const answer = await this.#link.ask<"held" | "gone" | "unknown" | "silent">(
      () => this.#broker.keepers.get(worker)?.answer(held) ?? "gone",
      () => "unknown",
    );
    if (answer !== "silent") return answer;
    await new Promise<void>((resolve) => {
      this.#link.clock.after(ASK_TIMEOUT_MS, resolve);
    });
    return "unknown";
  }
}

const ASK_TIMEOUT_MS = 2_000;

/** Renews what a worker keeps three times a lease, for as long as its process lives and is not stopped. */
export class MemoryLeaseKeeper implements LeaseKeeper {
  readonly #broker: MemoryStore;
  readonly #link: MemoryLink;
  readonly #worker: string;
  readonly #renewMs: number;
  readonly #kept = new Set<Kept>();
  /** It ends with its process, never by itself. */
  readonly ended: LeaseKeeper["ended"] = new AbortController().signal;
  #cancelRenewal: () => void = () => undefined;
  #onAsked: (run: string) => void = () => undefined;

  constructor(broker: MemoryStore, link: MemoryLink, worker: string, leaseMs: number) {
    this.#broker = broker;
    this.#link = link;
    this.#worker = worker;
    this.#renewMs = Math.floor(leaseMs * RENEW_SHARE);
    this.#renewLater();
  }

  keep(message: LeasedMessage): Lease {
    const kept: Kept = { message, epoch: 0 };
    this.#kept.add(kept);
    return {
      hold: (epoch) => {
        kept.epoch = epoch;
      },
      letGo: () => {
        this.#kept.delete(kept);
      },
    };
  }

  onAsked(call: (run: string) => void): void {
    this.#onAsked = call;
  }

  /** Here nobody watches: a worker that was killed keeps its runs for a lease. */
  onMissing(): void {}

  close(): Promise<void> {
    this.#cancelRenewal();
    this.#kept.clear();
    if (this.#broker.keepers.get(this.#worker) === this) this.#broker.keepers.delete(this.#worker);
    return Promise.resolve();
  }

  /** What the worker's thread says, or that nobody is there, or nothing while the process is stopped. */
  answer(held: HeldRun): "held" | "gone" | "silent" {
    if (this.#link.state === "paused") return "silent";
    if (this.#link.state !== "running") return "gone";
    for (const { message, epoch } of this.#kept) {
      const { partition, sequence } = message;
      if (sequence !== held.token || epoch !== held.epoch) continue;
      if (partition !== held.partition) continue;
      // The thread tells the worker by a message, which comes when its event loop turns.
      this.#link.receive(() => this.#onAsked(held.run));
      return "held";
    }
    return "gone";
  }

  #renewLater(): void {
    // The link's clock stands still while the process is stopped, as its thread does.
    this.#cancelRenewal = this.#link.clock.after(
      this.#renewMs,
      () => {
        for (const { message } of this.#kept) this.#broker.renew(message.leaseId, message.sequence);
        this.#renewLater();
      },
      "upkeep",
    );
  }
}

const RENEW_SHARE = 0.3;

interface Kept {
  readonly message: LeasedMessage;
  /** 0 while it is not an activation's token. */
  epoch: number;
}
