import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { blobsOf } from "../../bundle/carry-blobs.ts";
import { readBundle } from "../../bundle/read-bundle.ts";
import { parseRedactionPaths } from "../../bundle/redaction-path.ts";
import type { ExportOptions } from "../../index.ts";
import { CliError } from "../cli-error.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { humanBytes } from "../human-time.ts";
import { openExisting } from "../open-connection.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace export <id>` */
export function addExport(program: Command, host: Host): void {
  program
    .command("export")
    .description("Write all that is recorded of a run into one file, a bundle.")
    .argument("<id>", "run, as <flow>:<key>")
    .requiredOption("-o, --output <file>", "where to; - for stdout")
    .option("--blobs", "with payloads that are in a blob store")
    .option("--redact <paths>", "take these values out, everywhere", pathsValue, [])
    .option("--decrypt", "undo the codec of --payloads: anybody can read it then")
    .option("--force", "write over a file that is there")
    .addHelpText("after", HELP)
    .action(async (id: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<ExportCommandOptions>();
      const { output, blobs = false, decrypt = false, redact } = options;
      const bytes = await read(id, options, { blobs, decrypt, redact });
      if (output === "-") return host.terminal.bytes(bytes);
      await write(output, bytes, options.force ?? false);
      await tell(host.terminal, id, output, bytes);
    });
}

interface ExportCommandOptions extends GlobalOptions {
  readonly output: string;
  readonly blobs?: boolean;
  readonly redact: readonly string[];
  readonly decrypt?: boolean;
  readonly force?: boolean;
}

const HELP = `
A path names values: input, output, error, steps.<id>.output, steps.<id>.error, signals.<name>,
children.<id>.output, exposed.<name>, metadata.<name>, attributes.<name>, tags.<n>, and what is in
them. * is any part of a name, ** any number of names; charge stands for every charge#<n>. The
same values are taken out wherever else they are; where that cannot be done, nothing is written.

Examples:
  $ millrace export checkout:order-42 -o order-42.mrun
  $ millrace export checkout:order-42 -o order-42.mrun --blobs --redact input.card.*,steps.**.token
  $ millrace export checkout:order-42 -o - | zcat | head -1`;

async function read(
  id: string,
  options: GlobalOptions,
  wanted: ExportOptions,
): Promise<Uint8Array> {
  await using millrace = await openExisting(options);
  return await millrace.export(id, wanted);
}

async function write(path: string, bytes: Uint8Array, isForced: boolean): Promise<void> {
  try {
    await writeFile(path, bytes, { flag: isForced ? "w" : "wx" });
  } catch (cause) {
    const { code } = cause as { readonly code?: unknown };
    if (code === "EEXIST") {
      throw new CliError("USAGE", `${path} is there already. Take --force to write over it.`);
    }
    throw new CliError("FILE_NOT_WRITABLE", `File ${path} cannot be written: ${String(cause)}`);
  }
}

async function tell(
  terminal: Terminal,
  id: string,
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  const bundle = await readBundle(bytes);
  const { redacted, blobs, frames } = bundle;
  const leftOut = blobsOf(bundle).length - blobs.length;
  if (terminal.json) {
    return terminal.document({
      id,
      file: path,
      bytes: bytes.length,
      blobs: blobs.length,
      blobsLeftOut: leftOut,
      redacted,
    });
  }
  const carries = blobs.length === 0 ? "" : `, ${blobs.length} blobs`;
  terminal.note(
    `${printable(path)}: ${printable(id)}, ${frames.length} frames${carries}, ${humanBytes(bytes.length)}`,
  );
  if (leftOut > 0) {
    terminal.note(
      `Large values left in their store: ${leftOut}. With --blobs the file can be replayed without it.`,
    );
  }
  for (const { path: wanted, places, elsewhere } of redacted) {
    const more = elsewhere.length === 0 ? "" : `, and in ${printable(elsewhere.join(", "))}`;
    const what = places.length === 0 ? "nothing has this path" : printable(places.join(", "));
    terminal.note(`redacted ${printable(wanted)}: ${what}${more}`);
  }
}

/** Given several times, or with commas. */
function pathsValue(text: string, before: readonly string[]): readonly string[] {
  return [...before, ...parseRedactionPaths(text).map((path) => path.text)];
}
