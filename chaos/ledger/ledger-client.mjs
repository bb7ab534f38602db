// @ts-check
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";

/** Writes into the ledger. What `note` has resolved for is written down, whatever becomes of this process. */
export class LedgerClient {
  /** @type {import("node:net").Socket} */ #socket;
  /** @type {Map<number, (at: number) => void>} */ #waiting = new Map();
  #last = 0;

  /** @param {string} socketPath */
  constructor(socketPath) {
    this.#socket = connect(socketPath);
    const lines = createInterface({ input: this.#socket });
    lines.on("line", (line) => {
      const { id, at } = JSON.parse(line);
      this.#waiting.get(id)?.(at);
      this.#waiting.delete(id);
    });
    // The ledger ends last of all: what is not written then is of no use to anybody.
    lines.on("error", () => undefined);
    this.#socket.on("error", () => undefined);
  }

  /**
   * @param {import("./entries.mjs").NewEntry} entry
   * @returns {Promise<number>} when the ledger had it, by the ledger's clock
   */
  note(entry) {
    const id = ++this.#last;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.write(`${JSON.stringify({ id, entry })}\n`);
    });
  }

  close() {
    this.#socket.end();
  }
}

/**
 * What is written down until now. A line that is being written is left out.
 * @param {string} file
 * @returns {import("./entries.mjs").Entry[]}
 */
export function readLedger(file) {
  let text = "";
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return []; // Nothing has happened yet.
  }
  const whole = text.slice(0, text.lastIndexOf("\n"));
  return whole === "" ? [] : whole.split("\n").map((line) => JSON.parse(line));
}
