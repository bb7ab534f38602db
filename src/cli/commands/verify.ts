import type { Command } from "commander";
import { bundlePayloads } from "../../bundle/bundle-payloads.ts";
import { readBundle } from "../../bundle/read-bundle.ts";
import { verdictOf } from "../../client/verify.ts";
import type { Flaw, Verdict } from "../../index.ts";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { loadPayloadOptions } from "../load-payload-options.ts";
import { openExisting } from "../open-connection.ts";
import { printable } from "../printable.ts";
import { readFileOption } from "../read-input.ts";
import { isBundlePath } from "../run-source.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace verify <id>|--all` */
export function addVerify(program: Command, host: Host): void {
  program
    .command("verify")
    .description("Check what is recorded of runs: no frame missing, altered, or out of its place.")
    .argument("[run]", "run, as <flow>:<key>, or a file (.mrun)")
    .option("--all", "every run of the namespace, those in the archive too")
    .option("--blobs", "fetch each blob that a run names, too, and compare it")
    .addHelpText("after", HELP)
    .action(async (run: string | undefined, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<VerifyOptions>();
      if ((run === undefined) === (options.all !== true)) {
        throw new CliError("USAGE", "Which runs? Give a run's id or file, or --all.");
      }
      if (run === undefined) return verifyAll(host, options);
      const verdict = await verdictOn(run, options);
      if (host.terminal.json) host.terminal.document(verdict);
      else for (const line of linesOf(verdict)) host.terminal.print(line);
      if (verdict.flaws.length > 0) host.exitCode = EXIT.unhealthy;
    });
}

const HELP = `
Nothing is changed, and no server is needed. A run that is open is checked as far as it is recorded. What is found, and
what cannot be: docs/verify.md.

Exit code 0 when nothing is wrong, 6 when something is.

Examples:
  $ millrace verify checkout:order-42
  $ millrace verify order-42.mrun --blobs
  $ millrace verify --all --json | jq .flawed`;

interface VerifyOptions extends GlobalOptions {
  readonly all?: boolean;
  readonly blobs?: boolean;
}

async function verdictOn(run: string, options: VerifyOptions): Promise<Verdict> {
  const { blobs = false } = options;
  if (await isBundlePath(run)) {
    const bundle = await readBundle(await readFileOption(run), { name: run });
    const payloads = bundlePayloads(bundle, await loadPayloadOptions(options.payloads));
    return verdictOf(bundle, payloads, { blobs });
  }
  await using millrace = await openExisting(options);
  return await millrace.verify(run, { blobs });
}

async function verifyAll(host: Host, options: VerifyOptions): Promise<void> {
  const { terminal } = host;
  const { blobs = false } = options;
  await using millrace = await openExisting(options);
  const counts = { runs: 0, frames: 0, unchecked: 0, flawed: 0, flaws: 0 };
  for await (const verdict of millrace.verifyAll({ blobs })) {
    counts.runs++;
    counts.frames += verdict.frames;
    counts.unchecked += verdict.unchecked;
    counts.flaws += verdict.flaws.length;
    if (verdict.flaws.length > 0) {
      counts.flawed++;
      tell(terminal, verdict);
    } else if (terminal.isAttended && counts.runs % PROGRESS_EVERY === 0) {
      terminal.note(`${counts.runs} verified …`);
    }
  }
  if (terminal.json) terminal.document(counts);
  else {
    const { runs, frames, unchecked, flawed, flaws } = counts;
    terminal.print(
      flawed === 0
        ? `${runs} runs with ${frames} frames: nothing is wrong.`
        : `${runs} runs with ${frames} frames: ${flawed} have ${flaws} flaws.`,
    );
    if (unchecked > 0) terminal.print(withoutChecksums(unchecked));
  }
  if (counts.flawed > 0) host.exitCode = EXIT.unhealthy;
}

const PROGRESS_EVERY = 10_000;

/** A flawed run among all: a line of its own, before the counts. */
function tell(terminal: Terminal, verdict: Verdict): void {
  if (terminal.json) return terminal.document(verdict);
  for (const line of linesOf(verdict)) terminal.print(line);
}

function linesOf({ id, status, source, frames, unchecked, flaws }: Verdict): readonly string[] {
  const place = source === "archive" ? ", in the archive" : "";
  const about = `${printable(id)}: ${status}${place}, ${frames} frames`;
  const older = unchecked === 0 ? [] : [withoutChecksums(unchecked)];
  if (flaws.length === 0) return [`${about}: nothing is wrong.`, ...older];
  return [`${about}, ${flaws.length} flaws`, ...flaws.map(lineOf), ...older];
}

function lineOf({ kind, sentence }: Flaw): string {
  return `  ${kind}: ${printable(sentence)}`;
}

function withoutChecksums(unchecked: number): string {
  return `${unchecked} frames have no checksum (larger than 16 KiB, or of an older version): a changed value in them is not found here.`;
}
