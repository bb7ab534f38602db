import { CommanderError } from "commander";
import { CliError } from "./cli-error.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import type { Host } from "./host.ts";
import { createProgram } from "./program.ts";
import { reportError } from "./report-error.ts";
import { Terminal } from "./terminal.ts";

/** Runs one command and gives the exit code. All that was printed has been taken when it resolves. */
export async function runCli(args: readonly string[]): Promise<ExitCode> {
  const terminal = new Terminal({ json: wantsJson(args) });
  const host: Host = { terminal, exitCode: EXIT.ok };
  const exitCode = await run(host, args);
  await terminal.flush();
  return exitCode;
}

async function run(host: Host, args: readonly string[]): Promise<ExitCode> {
  try {
    await createProgram(host).parseAsync(args.map(asWord), { from: "user" });
    return host.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(host.terminal, error);
    // Help and version are thrown too, when they have been printed.
    if (error.exitCode === 0) return EXIT.ok;
    if (error.code === "commander.help") return EXIT.usage;
    const message = error.message.replace(/^error: /, "");
    const stop = message.endsWith(".") || message.endsWith(")") ? "" : ".";
    const text = `${message}${stop} See millrace --help.`;
    return reportError(host.terminal, new CliError("USAGE", text));
  }
}

/** A part of a query that begins with a minus is no option: with a space before it, it is not taken for one. */
function asWord(arg: string): string {
  return /^-status[:=]/.test(arg) ? ` ${arg}` : arg;
}

/** Looked up before the arguments are understood: the error may be that they are not. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end === -1 ? undefined : end).includes("--json");
}
