// @ts-check

/** What somebody typed cannot be done: the message is all that there is to say. */
export class OptionError extends Error {}

/**
 * Runs a command: what was typed wrong is told in one line, with exit code 2, and a signal in one line with 1.
 * @param {(stop: AbortSignal) => Promise<number>} command gives the exit code
 */
export async function runCommand(command) {
  const stop = new AbortController();
  // A terminal sends it to all processes, and npm sends it on: one stop may come twice.
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => stop.abort());
  }
  try {
    process.exitCode = await command(stop.signal);
  } catch (error) {
    const isTyped = error instanceof OptionError || isParseError(error);
    if (stop.signal.aborted) console.error("It was interrupted: nothing is left running.");
    else if (isTyped) console.error(/** @type {Error} */ (error).message);
    else console.error(error);
    process.exitCode = isTyped ? 2 : 1;
  }
  // What waits for servers that are gone waits for nothing; and Node's own end may wait for them without end, at full speed.
  process.stdout.write("", () => process.exit());
}

/** @param {unknown} error */
function isParseError(error) {
  return String(Object(error).code).startsWith("ERR_PARSE_ARGS");
}

/**
 * A number that was typed.
 * @param {string} option @param {string} text @param {{ readonly whole?: boolean }} [must]
 */
export function numberOf(option, text, { whole = false } = {}) {
  const number = Number(text);
  const isRight = number > 0 && (whole ? Number.isSafeInteger(number) : Number.isFinite(number));
  if (isRight) return number;
  const kind = whole ? "whole number" : "number";
  throw new OptionError(`--${option} ${text} is no ${kind} above 0`);
}
