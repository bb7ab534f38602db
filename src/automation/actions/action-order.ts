import type { ResolvedAction } from "../../engine/resolved-action.ts";

/** What a firing asks for: a trigger's action, with every expression evaluated. The input of a run of `millrace-action`. */
export interface ActionOrder {
  readonly trigger: string;
  /** The firing's id: the key of the run that carries it out, and what makes each of its effects recognised when it comes again. */
  readonly firing: string;
  /** How many firings led to this one, itself included. */
  readonly depth: number;
  readonly action: OrderedAction;
  /** The events that it fired with, the first {@link SHOWN_EVENTS} of them: for people. */
  readonly events: readonly ActionCause[];
}

/** What is not a submission itself. */
export type OrderedAction =
  | OfEachKind<Exclude<ResolvedAction, { readonly kind: "submit" | "webhook" }>>
  /** Nothing can be done: the run fails, and shows why. */
  | { readonly kind: "impossible"; readonly what: string; readonly reason: string };

/** One type for each kind, where one stands for several. */
type OfEachKind<A extends { readonly kind: string }> = A extends unknown
  ? { [Kind in A["kind"]]: Omit<A, "kind"> & { readonly kind: Kind } }[A["kind"]]
  : never;

export interface ActionCause {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
}

/** What came of it. `done` is false when the run that it was for had ended, or was not in a state for it. */
export interface ActionOutcome {
  readonly done: boolean;
  readonly reason?: string;
  /** What there is now, or how many it was done to. */
  readonly run?: string;
  readonly runs?: number;
  readonly stream?: string;
}

export const SHOWN_EVENTS = 16;
