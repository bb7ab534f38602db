import { StringDecoder } from "node:string_decoder";
import type { ScreenSize } from "./draw-step.ts";
import { type Key, keysIn } from "./keys.ts";

/** What a screen needs of a terminal's input: `process.stdin` has it. */
export interface ScreenInput {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: "data", listener: (data: Buffer) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  off(event: "data", listener: (data: Buffer) => void): unknown;
  off(event: "end", listener: () => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** What it needs of a terminal's output: `process.stdout` has it. */
export interface ScreenOutput {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
  on(event: "resize", listener: () => void): unknown;
  off(event: "resize", listener: () => void): unknown;
}

/**
 * A terminal's whole screen for a while: keys come one by one and are not echoed, and what stood there is there again
 * afterwards, however it ends: `close` may be called at any time, and twice.
 */
export class StepScreen {
  readonly #input: ScreenInput;
  readonly #output: ScreenOutput;
  readonly #decoder = new StringDecoder("utf8");
  readonly #keys: Key[] = [];
  #wake: (() => void) | undefined;
  #isClosed = false;

  constructor(input: ScreenInput, output: ScreenOutput) {
    this.#input = input;
    this.#output = output;
    input.setRawMode?.(true);
    output.write(`${ALTERNATE}${HIDE_CURSOR}`);
    input.on("data", this.#onData);
    input.on("end", this.#onEnd);
    output.on("resize", this.#onResize);
    input.resume();
  }

  get size(): ScreenSize {
    // Some terminals do not know how large they are, and say 0.
    const { columns = 0, rows = 0 } = this.#output;
    return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
  }

  /** Shows these lines and nothing else. */
  draw(lines: readonly string[]): void {
    if (this.#isClosed) return;
    this.#output.write(
      `${HOME}${lines.map((line) => `${line}${TO_LINE_END}`).join("\r\n")}${BELOW}`,
    );
  }

  /** The next key; `resize` when the screen has another size; nothing once it is closed. */
  async next(): Promise<Key | undefined> {
    while (this.#keys.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#isClosed ? undefined : this.#keys.shift();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#input.off("data", this.#onData);
    this.#input.off("end", this.#onEnd);
    this.#output.off("resize", this.#onResize);
    this.#input.setRawMode?.(false);
    this.#input.pause();
    this.#output.write(`${SHOW_CURSOR}${NORMAL}`);
    this.#wake?.();
  }

  readonly #onData = (data: Buffer): void => {
    // More than anybody types: somebody pastes a book.
    if (this.#keys.length < MAX_KEYS) this.#keys.push(...keysIn(this.#decoder.write(data)));
    this.#wake?.();
  };

  readonly #onEnd = (): void => this.close();

  readonly #onResize = (): void => {
    this.#keys.push("resize");
    this.#wake?.();
  };
}

const MAX_KEYS = 10_000;

const ALTERNATE = "\u001b[?1049h";
const NORMAL = "\u001b[?1049l";
const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
const HOME = "\u001b[H";
const TO_LINE_END = "\u001b[K";
const BELOW = "\u001b[J";
