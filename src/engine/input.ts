/** What arrives for a run from outside, through its inbox. */
export interface RunInput {
  /** Unique; an input that is stored twice is folded once. */
  readonly inputId: string;
  readonly sentAt: number;
  readonly body: InputBody;
}

export type InputBody = WakeInput;

/** An input that only wakes: a new token for the run. */
export interface WakeInput {
  readonly type: "Wake";
  /** Sequences of the tokens it stands for. */
  readonly replaces: readonly number[];
  /** Continue a parked, failed or crashed run. */
  readonly resume: boolean;
  /** The run's queue; where the message waits may be another. */
  readonly queue: string;
}
