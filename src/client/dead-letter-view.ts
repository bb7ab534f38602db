export interface DeadLetterView {
  /** `<partition>/<sequence>` of the message that it is about, or `ingress/<sequence>` of one that was published. */
  readonly id: string;
  /** Nothing for a message of the ingress. */
  readonly partition: number | undefined;
  readonly sequence: number;
  readonly subject: string;
  /** Why the message was set aside. */
  readonly reason: string;
  /** When it was set aside. */
  readonly at: Date | undefined;
  readonly state: "open" | "replayed" | "dropped";
  readonly resolvedAt: Date | undefined;
}

export interface DeadLetterDetails extends DeadLetterView {
  /** Nothing when it is gone from the log, or cannot be read here. */
  readonly message: DeadMessage | undefined;
}

export interface DeadMessage {
  /**
   * In the log `new` (a submission), `in` (an input), `h` (a frame); in the ingress `submit`, `signal`, `cancel`; or what else
   * stands in the subject.
   */
  readonly kind: string;
  /** The run that its subject names, if there can be one. */
  readonly runId: string | undefined;
  /** How many bytes it has, and the first 256 of them. */
  readonly bytes: number;
  readonly hex: string;
  /** What it says, if this version understands it. Of a message of the ingress, `headers` and `body`. */
  readonly content: object | undefined;
  /** Why this version does not. */
  readonly trouble: string | undefined;
}

/** A letter in a list, with what the next page is found by: where it stands, and how far back that is read then. */
export interface FoundLetter {
  /** A partition, or `ingress`. */
  readonly place: string;
  readonly sequence: number;
  readonly view: DeadLetterView;
}

/** The first bytes of a message, to be shown. */
export function previewOf(data: Uint8Array): Pick<DeadMessage, "bytes" | "hex"> {
  const hex = Buffer.from(data.subarray(0, PREVIEW_BYTES)).toString("hex");
  return { bytes: data.length, hex };
}

const PREVIEW_BYTES = 256;
