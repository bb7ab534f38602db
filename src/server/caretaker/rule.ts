import type { RunRow } from "../../projections/run-row.ts";
import type { ServerHost } from "../server-host.ts";
import type { HandedOut } from "./handed-out.ts";

/** One thing that a caretaker sees to: which runs may need it, by the projection, and what the log then says. */
export interface CaretakerRule {
  readonly name: RepairName;
  /** The next runs that may need it, after the one with this id. */
  candidates(host: ServerHost, page: { limit: number; after?: string }): Promise<readonly RunRow[]>;
  /** Looks at the log, and repairs the run if it needs it. Tells whether it did. */
  repair(host: ServerHost, row: RunRow, handedOut: HandedOut): Promise<boolean>;
}

/** What a caretaker has done, as it is counted. */
export type RepairName = "wake-unfolded" | "wake-overdue" | "wake-abandoned" | "dead-letter";
