import { text } from "node:stream/consumers";
import { CliError } from "./cli-error.ts";
import { readFileOption } from "./read-input.ts";

/**
 * A secret as an option gives it: `@<file>`, `-` for standard input, or the text itself, which everybody on the machine can see while
 * the command runs.
 * @throws {@link CliError}
 */
export async function readSecret(given: string): Promise<string> {
  const secret = (await contentOf(given)).trim();
  if (secret !== "") return secret;
  throw new CliError("USAGE", "The secret is empty.");
}

async function contentOf(given: string): Promise<string> {
  if (given === "-") return text(process.stdin);
  if (!given.startsWith("@")) return given;
  return new TextDecoder().decode(await readFileOption(given.slice(1)));
}
