import { MillraceError } from "./millrace-error.ts";

/** The history of a run has no event at the address that was given. */
export class EventNotFoundError extends MillraceError {
  readonly code = "EVENT_NOT_FOUND";
  readonly address: string;

  /** `hint`: a step that was probably meant. */
  constructor(address: string, events: number, hint?: string) {
    const has = events === 0 ? "no event yet" : `${events} event${events === 1 ? "" : "s"}`;
    const meant = hint === undefined ? "" : ` Did you mean ${hint}?`;
    super(
      `There is nothing at ${address} in this run, which has ${has}.${meant} See what there is with: millrace events <id>`,
    );
    this.address = address;
  }
}
