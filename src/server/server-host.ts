import type { Logger } from "pino";
import type { Millrace } from "../client/millrace.ts";
import type { Clock } from "../ports/clock.ts";
import type { RunStore } from "../projections/run-store.ts";

/** What the parts of a server need: each is made by a function of its own that takes this, and gives a {@link ServerPart}. */
export interface ServerHost {
  readonly millrace: Millrace;
  readonly store: RunStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** This server process among its replicas. */
  readonly replica: string;
}

export interface ServerPart {
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}
