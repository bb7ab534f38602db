import type { Command } from "commander";
import type { ExitCode } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

/** What a command is given besides its own arguments. */
export interface Host {
  readonly terminal: Terminal;
  /** How the process ends when no error says otherwise. */
  exitCode: ExitCode;
}

/** Adds one command to the program. */
export type AddCommand = (program: Command, host: Host) => void;
