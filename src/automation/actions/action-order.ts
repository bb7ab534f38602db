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

export type OrderedAction =
  | { readonly kind: "resubmit"; readonly run: string; readonly times: number }
  | {
      readonly kind: "signal";
      readonly run: string;
      readonly signal: string;
      readonly value: unknown;
    }
  | { readonly kind: "cancel"; readonly run: string; readonly reason: string }
  | { readonly kind: "cancel-children"; readonly run: string; readonly reason: string }
  | { readonly kind: "resume"; readonly run: string }
  | { readonly kind: "terminate"; readonly run: string; readonly reason: string }
  | { readonly kind: "publish"; readonly subject: string; readonly data: unknown }
  /** Nothing can be done: the run fails, and shows why. */
  | { readonly kind: "impossible"; readonly what: string; readonly reason: string };

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

export const ACTION_FLOW = "millrace-action";
export const SHOWN_EVENTS = 16;
