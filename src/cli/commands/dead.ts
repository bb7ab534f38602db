import type { Command } from "commander";
import type { Stored } from "../../ports/run-log.ts";
import { decodeDeadLetter } from "../../wire/dead-letter-codec.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { humanTime } from "../human-time.ts";
import { openExisting } from "../open-connection.ts";
import { countValue } from "../option-values.ts";
import { printable } from "../printable.ts";

/** `millrace dead` */
export function addDead(program: Command, host: Host): void {
  program
    .command("dead")
    .description("List messages that no worker could understand and that were set aside.")
    .option("--limit <n>", "the newest so many of each partition", countValue, 100)
    .addHelpText("after", HELP)
    .action(async (_: unknown, command: Command) => {
      const { terminal } = host;
      const options = command.optsWithGlobals<GlobalOptions & { readonly limit: number }>();
      await using millrace = await openExisting(options);
      const stored = await millrace.broker.log.deadLetters(options.limit);
      const letters = stored.map(letterOf);
      if (terminal.json) return terminal.document(letters);
      if (letters.length === 0) terminal.note("No message was set aside.");
      for (const { sequence, at, subject, reason } of letters) {
        const when = at === undefined ? "" : humanTime(at);
        const place = `${String(sequence).padStart(8)} ${terminal.colors.dim(when)}`;
        terminal.print(`${place} ${printable(subject)}: ${printable(reason)}`);
      }
    });
}

const HELP = `
A line is: stream sequence, when it was set aside, its subject, why. The message itself stays in the
stream at that sequence; nothing waits for it. Somebody else publishes on Millrace's subjects, or a
worker is older than what submitted to it.

Example:
  $ millrace dead --limit 10`;

interface DeadLetter {
  readonly partition: number;
  readonly sequence: number;
  readonly subject: string;
  readonly reason: string;
  readonly at: Date | undefined;
}

function letterOf({ partition, sequence, subject, data }: Stored): DeadLetter {
  const decoded = decodeDeadLetter(data);
  if (decoded.kind === "ok") {
    return { partition, ...decoded.value, at: new Date(decoded.value.at) };
  }
  const reason = `this entry itself is foreign: ${decoded.reason}`;
  return { partition, sequence, subject, reason, at: undefined };
}
