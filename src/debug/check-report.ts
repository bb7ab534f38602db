import type { CheckedRun } from "./checked-run.ts";

/** What a check found. Runs with the same trouble are one cause with a count. */
export interface CheckReport {
  /** How many runs were looked at. */
  readonly runs: number;
  /** How many of them go on with the code. */
  readonly fits: number;
  /** The same by flow; with 0 for a flow of which no run fits. */
  readonly fitsByFlow: Readonly<Record<string, number>>;
  /** The most frequent first. */
  readonly causes: readonly CheckCause[];
}

/** Why runs do not go on with the code, or could not be checked. */
export interface CheckCause {
  /**
   * `parks`: a worker with this code would park them. `differs`: they have ended, and would end otherwise. `no-code`: nothing was
   * given for their flow. `unreadable`: they could not be replayed to their end.
   */
  readonly kind: Exclude<CheckedRun["verdict"], "fits">;
  readonly flow: string;
  /** What is wrong, of the first of these runs. */
  readonly text: string;
  /** What was probably changed, of the first of them; empty when that is not known. */
  readonly hint: string;
  /** The line of code that asks for something else, as `<file>:<line>`; empty for none. */
  readonly place: string;
  readonly runs: number;
  /** A few of them: ids of runs, or names of files. */
  readonly examples: readonly string[];
}

/** Adds up what became of runs, in bounded memory. */
export class CheckTally {
  readonly #causes = new Map<string, { cause: CheckCause; examples: string[]; runs: number }>();
  readonly #fits = new Map<string, number>();
  #runs = 0;

  add(checked: CheckedRun, runs = 1): void {
    this.#runs += runs;
    const { flow } = checked;
    const isFit = checked.verdict === "fits";
    this.#fits.set(flow, (this.#fits.get(flow) ?? 0) + (isFit ? runs : 0));
    if (checked.verdict === "fits") return;
    const cause = causeOf(checked);
    const isRoom = this.#causes.size < MAX_CAUSES || this.#causes.has(keyOf(cause));
    // Whoever has more causes than that does not read them all.
    this.#count(isRoom ? cause : { ...cause, text: "other causes", hint: "", place: "" }, runs);
  }

  get report(): CheckReport {
    const causes = [...this.#causes.values()].map(({ cause, examples, runs }) => ({
      ...cause,
      runs,
      examples,
    }));
    const fits = [...this.#fits.values()].reduce((sum, count) => sum + count, 0);
    return {
      runs: this.#runs,
      fits,
      fitsByFlow: Object.fromEntries([...this.#fits].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      causes: causes.toSorted((one, other) => other.runs - one.runs),
    };
  }

  #count(cause: CheckCause, runs: number): void {
    const key = keyOf(cause);
    const known = this.#causes.get(key);
    if (known === undefined) {
      this.#causes.set(key, { cause, examples: [...cause.examples], runs });
      return;
    }
    known.runs += runs;
    if (known.examples.length < MAX_EXAMPLES) known.examples.push(...cause.examples);
  }
}

const MAX_EXAMPLES = 5;
const MAX_CAUSES = 1_000;

/** True when some of the runs would be parked, or would end otherwise. */
export function hasMisfits({ causes }: CheckReport): boolean {
  return causes.some(({ kind }) => kind === "parks" || kind === "differs");
}

/** True when some of the runs could not be checked. */
export function hasUnchecked({ causes }: CheckReport): boolean {
  return causes.some(({ kind }) => kind === "no-code" || kind === "unreadable");
}

function causeOf(checked: Exclude<CheckedRun, { readonly verdict: "fits" }>): CheckCause {
  const { flow, run } = checked;
  const base = { kind: checked.verdict, flow, runs: 1, examples: [run], hint: "", place: "" };
  switch (checked.verdict) {
    case "parks": {
      const { reason, expected, asked, hint, place } = checked;
      const why = reason === "mismatch" ? "" : `${reason}: `;
      const text = `${why}recorded is ${expected}; the code asks for ${asked}`;
      return { ...base, text, hint, place };
    }
    case "differs":
      return { ...base, text: `it ${checked.recorded}; the code ${checked.replayed}` };
    case "no-code":
      return { ...base, text: "the file exports no flow or task of this name" };
    case "unreadable":
      return { ...base, text: checked.why };
  }
}

/** Runs are alike in what is wrong, not in their keys, counts and times. */
function keyOf({ kind, flow, text, hint, place }: CheckCause): string {
  return [kind, flow, place, alike(text), alike(hint)].join("\u0000");
}

function alike(part: string): string {
  return part.replaceAll(HEX, "*").replaceAll(NUMBER, "*");
}

const HEX = /\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b/g;
const NUMBER = /\d+/g;
