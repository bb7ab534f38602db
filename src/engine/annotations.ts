import type { Attributes } from "./attributes.ts";
import type { Payload } from "./payload.ts";

/** What a flow tells of itself while it runs: for whoever looks, never read back by the flow. */
export interface Annotations {
  readonly progress: Progress | undefined;
  /** Added to those of the submission. */
  readonly tags: readonly string[];
  /** Search attributes on top of those of the submission. */
  readonly attributes: Attributes;
  /** Values that the flow exposes, by name. */
  readonly exposed: Readonly<Record<string, Payload>>;
}

/** How far a run is: `done` of `total`, in units of its own. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly message: string;
}

export const NO_ANNOTATIONS: Annotations = {
  progress: undefined,
  tags: [],
  attributes: {},
  exposed: {},
};
