import { MillraceError } from "../engine/millrace-error.ts";

/** No message of this place was set aside. */
export class DeadLetterNotFoundError extends MillraceError {
  readonly code = "DEAD_LETTER_NOT_FOUND";

  constructor(id: string) {
    super(
      `There is no dead letter ${JSON.stringify(id.slice(0, 60))}. It has the form <partition>/<sequence>; see them with: millrace dead list`,
    );
  }
}

/** A dead letter whose message is of no use to anybody, or not yet. */
export class DeadLetterNotReplayableError extends MillraceError {
  readonly code = "DEAD_LETTER_NOT_REPLAYABLE";

  constructor(id: string, reason: string, next: string) {
    super(`Dead letter ${id} cannot be replayed: ${reason}. ${next}`);
  }
}
