/** What the broker says of a delivered message in the subject that acks it. */
export interface AckSubject {
  /** How often it was handed out, this time included. */
  readonly delivered: number;
  readonly sequence: number;
  /** 1 for the first message that the consumer ever handed out, and one more each time. */
  readonly consumerSequence: number;
  readonly storedAtMs: number;
  /** How many more the consumer has not handed out yet. */
  readonly pending: number;
}

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.<consumer sequence>.<time>.<pending>`, or the longer form with
 * domain and account before the stream. Nothing for any other subject.
 */
export function readAckSubject(subject: string): AckSubject | undefined {
  if (!subject.startsWith("$JS.ACK.")) return undefined;
  const tokens = subject.split(".");
  const at = tokens.length === 9 ? 4 : tokens.length >= 11 ? 6 : -1;
  if (at === -1) return undefined;
  const delivered = Number(tokens[at]);
  const sequence = Number(tokens[at + 1]);
  const consumerSequence = Number(tokens[at + 2]);
  const storedAtMs = Number(tokens[at + 3]) / 1_000_000;
  const pending = Number(tokens[at + 4]);
  return Number.isNaN(delivered + sequence + storedAtMs)
    ? undefined
    : { delivered, sequence, consumerSequence, storedAtMs, pending };
}
