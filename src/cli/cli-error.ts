import { EXIT, type ExitCode } from "./exit-codes.ts";

/** What the command line itself refuses, with the exit code that says so. */
export class CliError extends Error {
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CliError";
    this.code = code;
  }

  get exitCode(): ExitCode {
    if (this.code === "NAMESPACE_NOT_FOUND") return EXIT.notFound;
    if (this.code === "NAMESPACE_SERVED") return EXIT.refused;
    return this.code === "BROKER_ENDED" || this.code === "WORKER_ENDED" ? EXIT.broker : EXIT.usage;
  }
}

/**
 * - `USAGE`: an option or argument cannot be as it is.
 * - `INPUT_NOT_JSON`: the input of a submission is not JSON.
 * - `FILE_NOT_READABLE`: a file that an option names cannot be read.
 * - `FILE_NOT_WRITABLE`: a file that an option names cannot be written.
 * - `FILE_NOT_LOADED`: the flow file threw, or is not valid code.
 * - `NO_DEFINITIONS`: the flow file exports nothing that can be served.
 * - `NO_PAYLOAD_OPTIONS`: the file of `--payloads` exports nothing that `connect()` would take.
 * - `NAMESPACE_NOT_FOUND`: the broker is there, the namespace is not.
 * - `NAMESPACE_SERVED`: workers serve the namespace that is to be changed.
 * - `NO_PROJECTION`: there is no database where a server would have one.
 * - `WORKER_ENDED`: the broker refused the worker's second connection, and it could keep no lease.
 * - `BROKER_ENDED`: the broker that `dev` had started ended by itself.
 */
export type CliErrorCode =
  | "USAGE"
  | "INPUT_NOT_JSON"
  | "FILE_NOT_READABLE"
  | "FILE_NOT_WRITABLE"
  | "FILE_NOT_LOADED"
  | "NO_DEFINITIONS"
  | "NO_PAYLOAD_OPTIONS"
  | "NAMESPACE_NOT_FOUND"
  | "NAMESPACE_SERVED"
  | "NO_PROJECTION"
  | "WORKER_ENDED"
  | "BROKER_ENDED";
