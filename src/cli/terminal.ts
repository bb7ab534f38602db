import picocolors from "picocolors";
import { jsonText } from "./json-of.ts";

export type Colors = ReturnType<typeof picocolors.createColors>;

/** Where a command writes: results to stdout, all else to stderr. */
export class Terminal {
  readonly json: boolean;
  /** Colours for stdout: none when it is no terminal, or `NO_COLOR` is set. */
  readonly colors: Colors;
  /** Colours for stderr. */
  readonly noteColors: Colors;
  /** What to do when nobody reads stdout any more. Default: end, as `… | head` expects. */
  onBrokenPipe: () => void = () => process.exit(0);

  constructor(options: { readonly json: boolean }) {
    this.json = options.json;
    this.colors = picocolors.createColors(isColored(process.stdout));
    this.noteColors = picocolors.createColors(isColored(process.stderr));
    for (const stream of [process.stdout, process.stderr]) {
      stream.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") throw error;
        if (stream === process.stdout) this.onBrokenPipe();
      });
    }
  }

  /** Columns of the terminal that stdout is, if it is one. */
  get width(): number | undefined {
    return process.stdout.isTTY ? process.stdout.columns : undefined;
  }

  /** True when somebody can be asked: they read stderr and type. */
  get isAttended(): boolean {
    return process.stdin.isTTY && process.stderr.isTTY;
  }

  /** Empties the screen of a terminal. */
  clear(): void {
    process.stdout.write("\u001b[H\u001b[2J\u001b[3J");
  }

  /** A line of the result. */
  print(line: string): void {
    process.stdout.write(`${line}\n`);
  }

  /** The result as it is. */
  bytes(bytes: Uint8Array): void {
    process.stdout.write(bytes);
  }

  /** One JSON document on a line of its own. */
  document(value: unknown): void {
    this.print(jsonText(value));
  }

  /** A value for people: JSON with indentation. */
  value(value: unknown): void {
    if (value === undefined) this.note("(no value)");
    else this.print(jsonText(value, 2));
  }

  /** Something to know that is not the result. */
  note(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  /** Resolves when all that was written has been taken, or cannot be any more. */
  async flush(): Promise<void> {
    for (const stream of [process.stdout, process.stderr]) {
      if (stream.destroyed || stream.writableLength === 0) continue;
      await new Promise<void>((resolve) => {
        stream.write("", () => resolve());
      });
    }
  }
}

function isColored(stream: NodeJS.WriteStream): boolean {
  // Undefined for a pipe, whatever its type says: picocolors would then decide by the environment, and colour in CI.
  if (!stream.isTTY) return false;
  const { NO_COLOR, TERM } = process.env;
  return (NO_COLOR ?? "") === "" && TERM !== "dumb";
}
