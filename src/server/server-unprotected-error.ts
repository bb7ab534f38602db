import { MillraceError } from "../engine/millrace-error.ts";

/** A server was to listen where others can reach it, and the namespace has no token. Nothing was started. */
export class ServerUnprotectedError extends MillraceError {
  readonly code = "SERVER_UNPROTECTED";

  constructor(address: string) {
    super(
      `The server does not listen at ${address} without tokens: everybody who reaches it could read and stop all runs. ` +
        "Make a token first (millrace token create --name ops --scope admin), or listen at 127.0.0.1.",
    );
  }
}
