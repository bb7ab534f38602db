import type { RunRef } from "../engine/run-id.ts";

/**
 * The event log of a namespace. Every adapter keeps these promises, and one contract suite checks each of them:
 *
 * - What a write gave a sequence for is durable, and every later read of the kinds marked "leader" sees it.
 * - A write with an expected sequence is stored only if that is the last one on the same subject (I2).
 * - Sequences rise within a partition, and none is used twice. Two writes never need to happen together (I5).
 */
export interface RunLog {
  readonly namespace: string;
  /** The largest message that the log takes, in bytes, with room left for subject and headers. */
  readonly maxMessageBytes: number;

  /** Stores a submission if its key is unused. The key is used once, for ever (I1). One that was generated is not looked for. */
  submit(
    run: RunRef,
    queue: string,
    submission: Uint8Array,
    isKeyNew?: boolean,
  ): Promise<WriteOutcome>;
  /** Appends to a history if `expected` is the sequence of its last message, 0 for none. */
  append(run: RunRef, expected: number, frame: Uint8Array): Promise<WriteOutcome>;
  /** Puts something into a run's inbox, unconditionally. Gives its sequence. */
  put(run: RunRef, queue: string, input: Uint8Array): Promise<number>;
  /**
   * Puts something into a run's inbox at a later time, in milliseconds since 1970: never before it, and up to a second after.
   * An order takes the place of an earlier one of the same number, and of no other: what somebody sends late who lost the run
   * does not undo what its new holder ordered. Resolves when the order is durable.
   * @throws {@link BrokerError} when it is not confirmed.
   */
  wakeAt(
    run: RunRef,
    queue: string,
    order: { readonly number: number; readonly time: number },
    input: Uint8Array,
  ): Promise<void>;
  /**
   * Puts a message in the place of all that stand on this one's subject, if this one still is the last there (I2): a reader
   * finds what was there before or the new one, never nothing and never both. What is put on a `new` subject is handed out as
   * a message of its queue.
   */
  rollUp(last: Stored, data: Uint8Array): Promise<WriteOutcome>;
  /**
   * Removes what is in a run's inbox up to and including a sequence, handed out or not.
   * @throws {@link BrokerError} when that is not confirmed.
   */
  clearInbox(run: RunRef, queue: string, upTo: number): Promise<void>;
  /** Sets a message aside, once per message, where `deadLetters` shows it. */
  setAside(message: Stored, letter: Uint8Array): Promise<void>;

  /** The last message of a history, from the leader. */
  head(run: RunRef): Promise<Stored | undefined>;
  /** A history from `from` up to and including `upTo`, in order. */
  history(run: RunRef, upTo: number, from?: number): Promise<readonly Stored[]>;
  /** Tells of the same, from the first on, message by message as they come. `tell` must not throw. */
  tellHistory(run: RunRef, upTo: number, tell: (message: Stored) => void): Promise<void>;
  /** What is in a run's inbox after a sequence, in order, from the leader. */
  inbox(run: RunRef, queue: string, after: number): Promise<readonly Stored[]>;
  /** The submission, from the leader. Without a queue every queue is searched, which costs more. */
  submission(run: RunRef, queue?: string): Promise<Stored | undefined>;
  /**
   * The head of every history of a flow, or of all flows, in no particular order. Every run that has a history when this is called comes;
   * one whose head moves meanwhile may come twice. Reads on only as fast as it is read.
   */
  heads(flow?: string): AsyncIterable<RunHeadMessage>;
  /**
   * The newest dead letters, at most `limit` a partition, in order; with `before`, only those of a partition whose own
   * sequence is lower than the number there. What is read and kept is bounded by the limit, however many there are.
   */
  deadLetters(limit: number, before?: ReadonlyMap<number, number>): Promise<readonly Stored[]>;
  /** The letter about the message with this sequence, from the leader. */
  deadLetter(partition: number, sequence: number): Promise<Stored | undefined>;
  /** Any message that still stands in a partition, from the leader. */
  message(partition: number, sequence: number): Promise<Stored | undefined>;

  /** Tells of frames as they are appended: a hint that can be lost (I6). Resolves when it is in force. */
  follow(run: RunRef, onFrame: (frame: Stored) => void): Promise<() => void>;
}

/** The last message of a run's history, whatever it holds. */
export interface RunHeadMessage {
  readonly run: RunRef;
  readonly head: Stored;
}

/** A message with its place. `sequence` is unique in its partition. */
export interface Stored {
  readonly subject: string;
  readonly partition: number;
  readonly sequence: number;
  readonly data: Uint8Array;
}

export type WriteOutcome =
  | { readonly status: "written"; readonly sequence: number }
  /** Something else is on the subject already. Nothing was stored by this call. */
  | { readonly status: "conflict" }
  /** The answer is not known: it may have been stored, or may yet be. Read before trying again. */
  | { readonly status: "unknown"; readonly cause: unknown };
