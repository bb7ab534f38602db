/** What is wrong with what is recorded of a run. */
export interface Flaw {
  readonly kind: FlawKind;
  /** Stream sequence of the message that it was found at; 0 for a run that has none there. */
  readonly sequence: number;
  /** What is wrong, for people: it begins with what it is about. */
  readonly sentence: string;
}

export type FlawKind =
  /** A frame says which one is before it, and that one is gone. */
  | "missing-frame"
  /** What stands in a frame's place is not what was written there. */
  | "altered-frame"
  /** Bytes on the history's subject that are no frame. Workers pass over them. */
  | "foreign-message"
  /** A frame that does not follow the one before it: two wrote in one place (I2), or it was copied here. */
  | "stray-frame"
  /** Activations are not numbered one by one, or two workers wrote in one (I2). */
  | "epoch"
  /** An outcome is recorded twice (I3). */
  | "second-outcome"
  /** An event that cannot follow those before it. */
  | "illegal-event"
  /** Something follows the event that closed the run. */
  | "after-close"
  /** A frame's status is not what its events say. */
  | "status"
  /** The history names inputs that are not in the inbox, folds one twice, or goes back (I6). */
  | "inbox"
  /** There is none, or it is not the one of this run. */
  | "submission"
  /** A frame does not say where the flow told of itself last. */
  | "annotated"
  /** It is not the copy of the history that its submission says it is. */
  | "fork"
  /** What stayed in the log of a run in the archive does not say the same as its file. */
  | "archive"
  /** Written by a newer Millrace: whether it is right cannot be seen here. */
  | "newer-version"
  /** A payload is not in its store (I9). */
  | "missing-blob"
  /** The bytes of a payload in a store are not those that were put there. */
  | "altered-blob";
