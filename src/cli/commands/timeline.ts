import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { openedRun } from "../../debug/opened-run.ts";
import { type Timeline, timeline } from "../../debug/timeline.ts";
import { timelineSvg } from "../../debug/timeline-svg.ts";
import { CliError } from "../cli-error.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { humanDuration } from "../human-time.ts";
import { countValue } from "../option-values.ts";
import { renderTimeline } from "../render-timeline.ts";
import { openRun } from "../run-source.ts";

/** `millrace timeline <id>` */
export function addTimeline(program: Command, host: Host): void {
  program
    .command("timeline")
    .description("Draw a run: what went on when, attempts, waits, children and take-overs.")
    .argument("<id>", "run, as <flow>:<key>, or a bundle")
    .option("--width <columns>", "columns of a line; default: the terminal's, else 100", countValue)
    .option("--rows <n>", "rows at most, the middle is folded; default 40", countValue)
    .option("--svg <file>", "write a picture instead")
    .addHelpText("after", HELP)
    .action(async (id: string, _: unknown, command: Command) => {
      const { terminal } = host;
      const options = command.optsWithGlobals<TimelineOptions>();
      const { run, payloads } = await openRun(id, options);
      const picture = timeline(await openedRun(run, payloads));
      if (options.svg !== undefined) await writeSvg(options.svg, picture, options.rows);
      if (terminal.json) return terminal.document(timelineRecord(picture));
      if (options.svg !== undefined) return terminal.note(`Wrote ${options.svg}.`);
      const { width = terminal.width ?? WIDTH, rows = ROWS } = options;
      for (const line of renderTimeline(picture, { width, rows, colors: terminal.colors })) {
        terminal.print(line);
      }
    });
}

interface TimelineOptions extends GlobalOptions {
  readonly width?: number;
  readonly rows?: number;
  readonly svg?: string;
}

const WIDTH = 100;
const ROWS = 40;

async function writeSvg(file: string, picture: Timeline, rows?: number): Promise<void> {
  const options = rows === undefined ? {} : { rows };
  const svg = timelineSvg(picture, { ...options, duration: humanDuration });
  await writeFile(file, svg).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError("USAGE", `${file} cannot be written: ${why}. Give --svg another path.`, {
      cause,
    });
  });
}

/** For `--json`: times as text. */
function timelineRecord({ from, to, rows, marks, ...rest }: Timeline): object {
  return {
    ...rest,
    ...spanOf({ from, to }),
    rows: rows.map(({ bars, ...row }) => ({
      ...row,
      bars: bars.map((bar) => ({ ...bar, ...spanOf(bar) })),
    })),
    marks: marks.map((mark) => ({ ...mark, at: isoTime(mark.at) })),
  };
}

function spanOf({ from, to }: { readonly from: number; readonly to: number }): object {
  return { from: isoTime(from), to: isoTime(to) };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

const HELP = `
A time in which nothing happened is drawn short where it would leave no room for the rest (≈).

Examples:
  $ millrace timeline checkout:order-42
  $ millrace timeline run.mrun --width 160
  $ millrace timeline checkout:order-42 --svg order-42.svg`;
