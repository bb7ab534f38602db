import { type Frame, isActive, isClosed, isResumable } from "./frame.ts";

/**
 * What a worker does with a message for a run that it does not hold, once it knows the run's head: rule 3 of the run
 * protocol (docs/protocol.md, "A message arrives"). Each line was shown to be needed by exploring the protocol
 * exhaustively; the tests leave them out one by one.
 */
export type DeliveryDecision =
  /** Nothing depends on this message any more. */
  | "ack"
  /** Another token holds the run: ask its holder, and wake the run if it is gone. */
  | "ask"
  /**
   * The broker lost its memory of this token and handed it out as if for the first time, while its holder may be well:
   * keep it, ask the holder now and then, and wake the run if it is gone. Acking it would leave the run without a token.
   */
  | "guard"
  /** Somebody may have had the message before: put a wake in its place, so that a late ack cannot take it away (I4). */
  | "exchange"
  /** Nothing has started: begin, the first frame's write being the fence. */
  | "start"
  /** Read the history and append `Activated`, the fence. */
  | "activate";

/** What the rules need to know of a message. */
export interface ArrivedMessage {
  readonly kind: "new" | "wake" | "input";
  readonly sequence: number;
  readonly redelivered: boolean;
  /** Handed out as if for the first time, but somebody may have had it before: the broker may have forgotten. */
  readonly stale: boolean;
  /** Sequences of the tokens that a wake stands for. */
  readonly replaces: readonly number[];
  /** True for a wake by which somebody continues a parked, failed or crashed run. */
  readonly resume: boolean;
}

/** What the rules need to know of a run's last frame. */
export type Head = Pick<Frame, "status" | "token" | "inboxFolded">;

export function decideDelivery(head: Head | undefined, message: ArrivedMessage): DeliveryDecision {
  if (head === undefined) return decideUnstarted(message);
  if (isClosed(head.status) || head.status === "parked") {
    // A resume that the history has folded already was acted upon: it only came again.
    const asksForMore = message.resume && message.sequence > head.inboxFolded;
    if (!asksForMore || !isResumable(head.status)) return "ack";
  } else if (isActive(head.status)) {
    if (!speaksFor(message, head.token)) return "ask";
    if (message.sequence === head.token && !message.redelivered) return "guard";
  }
  return message.redelivered || message.stale ? "exchange" : "activate";
}

function decideUnstarted(message: ArrivedMessage): DeliveryDecision {
  if (message.kind === "input") return "ack";
  if (message.redelivered) return "exchange";
  return message.kind === "new" ? "start" : "activate";
}

/** True when the message is this token or was put in its place. */
export function speaksFor(
  message: Pick<ArrivedMessage, "sequence" | "replaces">,
  token: number,
): boolean {
  return message.sequence === token || message.replaces.includes(token);
}
