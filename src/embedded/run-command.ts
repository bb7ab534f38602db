import { execFile } from "node:child_process";

/**
 * Runs a program to its end without a shell and gives what it printed on stdout.
 * Fails with the last lines of what it printed on stderr.
 */
export async function runCommand(command: RunCommand): Promise<string> {
  const { file, args, timeoutMs, cwd, env, signal } = command;
  return new Promise((resolve, reject) => {
    execFile(
      file,
      [...args],
      {
        timeout: timeoutMs,
        killSignal: "SIGKILL",
        maxBuffer: 16 * 1024 * 1024,
        ...(cwd !== undefined && { cwd }),
        ...(env !== undefined && { env }),
        ...(signal !== undefined && { signal }),
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(whyItFailed(command, error, stderr), { cause: error.cause }));
      },
    );
  });
}

export interface RunCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Killed after this long. */
  readonly timeoutMs: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

function whyItFailed(
  command: RunCommand,
  error: Error & { code?: unknown; killed?: boolean },
  stderr: string,
): string {
  const called = [command.file, ...command.args].join(" ");
  if (error.killed === true) return `${called} did not end within ${command.timeoutMs} ms`;
  const said = stderr.trim().split("\n").slice(-4).join(" | ");
  if (said !== "") return `${called}: ${said}`;
  return typeof error.code === "number"
    ? `${called} ended with exit code ${error.code}`
    : error.message;
}
