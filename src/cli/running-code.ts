import { CliError } from "./cli-error.ts";
import { reportError } from "./report-error.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Runs what loads and calls the code of these files. Code that ends the process in it is told as an error, whatever exit code it
 * gives: a silent 0 would say that the code fits.
 */
export async function runningCode<T>(
  files: readonly string[],
  terminal: Terminal,
  run: () => Promise<T>,
): Promise<T> {
  const told = (): void => {
    const text = `The code of ${files.join(" or ")} ended the process, or waits while it is loaded for what never comes. Take process.exit() out of it, and away from what it imports.`;
    process.exitCode = reportError(terminal, new CliError("FILE_NOT_LOADED", text));
  };
  process.once("exit", told);
  try {
    return await run();
  } finally {
    process.off("exit", told);
  }
}
