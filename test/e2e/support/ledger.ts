import { readFileSync } from "node:fs";

/** What the steps really did, in all processes: an append-only file with a line for each effect. */
export class Ledger {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get entries(): readonly LedgerEntry[] {
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch {
      return []; // Nothing has happened yet.
    }
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    return whole.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
  }

  of(run: string, step?: string): readonly LedgerEntry[] {
    return this.entries.filter(
      (entry) => entry.run === run && (step === undefined || entry.step === step),
    );
  }

  /** How often each step of a run was executed. */
  counts(run: string): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { step } of this.of(run)) {
      if (step !== undefined) counts[step] = (counts[step] ?? 0) + 1;
    }
    return counts;
  }
}

export interface LedgerEntry {
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly run: string;
  readonly step?: string;
  readonly attempt?: number;
  readonly [extra: string]: unknown;
}
