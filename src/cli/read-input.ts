import { readFile } from "node:fs/promises";
import { CliError } from "./cli-error.ts";

/**
 * A submission's input: JSON text, `-` for standard input, `@<file>` for a file, nothing for no input.
 * @throws {@link CliError} `INPUT_NOT_JSON` or `FILE_NOT_READABLE`
 */
export async function readInput(argument: string | undefined): Promise<unknown> {
  if (argument === undefined) return undefined;
  if (argument === "-") return parse(await readStdin(), "Standard input");
  if (argument.startsWith("@")) {
    const path = argument.slice(1);
    return parse(await readFileOption(path), `File ${path}`);
  }
  return parse(new TextEncoder().encode(argument), "The input");
}

/** A file that an option names. @throws {@link CliError} `FILE_NOT_READABLE` */
export async function readFileOption(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError("FILE_NOT_READABLE", `File ${path} cannot be read: ${reason}`);
  }
}

/** No server takes as much in one message; more is a mistake, such as the wrong file. */
const MAX_BYTES = 64 * 1024 * 1024;

async function readStdin(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BYTES) throw new CliError("INPUT_NOT_JSON", "Standard input is over 64 MiB.");
  }
  return Buffer.concat(chunks);
}

function parse(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const quote = what === "The input" ? " Put it in single quotes for the shell." : "";
    throw new CliError("INPUT_NOT_JSON", `${what} is not JSON: ${reason}.${quote}`);
  }
}
