/**
 * What this folder throws: finding, fetching, starting or sharing a development broker failed.
 * Recognised by `code`; the message says what to do next.
 */
export class EmbeddedError extends Error {
  readonly code: EmbeddedErrorCode;

  constructor(code: EmbeddedErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EmbeddedError";
    this.code = code;
  }
}

/**
 * - `NATS_SERVER_NOT_FOUND`: none installed, and none could be fetched.
 * - `NATS_SERVER_UNUSABLE`: the one that `MILLRACE_NATS_SERVER` names does not run, or is too old.
 * - `NATS_SERVER_NOT_READY`: it ended, or did not answer in time, while starting.
 * - `NATS_SERVER_PORT_IN_USE`: another process listens on the wanted port.
 * - `NATS_SERVER_STORE_IN_USE`: another nats-server runs on the same store directory.
 * - `EMBEDDED_LOCK_TIMEOUT`: another process held a lock for too long.
 */
export type EmbeddedErrorCode =
  | "NATS_SERVER_NOT_FOUND"
  | "NATS_SERVER_UNUSABLE"
  | "NATS_SERVER_NOT_READY"
  | "NATS_SERVER_PORT_IN_USE"
  | "NATS_SERVER_STORE_IN_USE"
  | "EMBEDDED_LOCK_TIMEOUT";
