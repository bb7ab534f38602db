import type { AttributeValue } from "./attributes.ts";
import type { RunStatus } from "./run-status.ts";

/** Which runs are meant: all that is given must hold. A list of values means any of them. */
export interface RunQuery {
  readonly flow?: string | readonly string[];
  readonly status?: RunStatus | readonly RunStatus[];
  /** None of these. */
  readonly notStatus?: RunStatus | readonly RunStatus[];
  readonly queue?: string | readonly string[];
  readonly key?: string | { readonly prefix: string };
  /** All of these, each as the whole tag. */
  readonly tags?: readonly string[];
  /** At least one of these. */
  readonly anyTag?: readonly string[];
  readonly submitted?: TimeWindow;
  readonly started?: TimeWindow;
  readonly closed?: TimeWindow;
  /** The run that submitted it. */
  readonly parent?: string;
  /** The first run of its family; that one itself is found too. */
  readonly root?: string;
  /** The worker that holds it. */
  readonly worker?: string;
  /** Error fingerprint, as a run shows it. */
  readonly fingerprint?: string;
  /** Words that the error's name or message has: all of them, the last one as the beginning of a word. */
  readonly text?: string;
  readonly attributes?: readonly AttributeCondition[];
  /** Only runs that are in the archive, or only those that are not. */
  readonly archived?: boolean;
  readonly order?: RunOrder;
}

/** From (inclusive) to (exclusive). */
export interface TimeWindow {
  readonly from?: Date;
  readonly to?: Date;
}

export interface AttributeCondition {
  readonly name: string;
  readonly is: "=" | ">" | ">=" | "<" | "<=";
  /** Text and boolean with `=` only. */
  readonly value: AttributeValue;
}

/** Runs without such a time come last. Default: the newest submission first. */
export interface RunOrder {
  readonly by: "submitted" | "started" | "closed" | "updated";
  readonly direction: "ascending" | "descending";
}

export const DEFAULT_ORDER: RunOrder = Object.freeze({ by: "submitted", direction: "descending" });
