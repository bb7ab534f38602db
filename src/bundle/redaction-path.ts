import { InvalidOptionError } from "../engine/usage-errors.ts";

/** What is to be taken out of a bundle, as a path through what a run has recorded. */
export interface RedactionPath {
  /** As it was given. */
  readonly text: string;
  readonly segments: readonly Segment[];
}

/** One step of a path: a name with `*` in it or not, or `**` for any number of steps. */
type Segment = "**" | RegExp;

/** A step of the way to a value: the names that it goes by, the one that people are shown first. */
export type Names = readonly [string, ...string[]];

/**
 * Reads `input.card.number`, `steps.charge#1.output.token`, `signals.approve.*`. A name with dots in it stands in double
 * quotes; `*` is any part of a name, `**` any number of names. A step, child or timer without `#n` means all uses of the name.
 * @throws {@link InvalidOptionError}
 */
export function parseRedactionPath(text: string): RedactionPath {
  const names = [...text.matchAll(NAME)];
  const refuse = (rule: string): never => {
    throw new InvalidOptionError("redact", text, rule);
  };
  if (text === "" || names.map(([whole]) => whole).join("") !== text || text.endsWith(".")) {
    refuse("write names with dots between them, such as input.card.number");
  }
  const first = names[0]?.[2] ?? "";
  if (!first.includes("*") && !ROOTS.has(first)) {
    refuse(`it begins with none of ${[...ROOTS].join(", ")}`);
  }
  return { text, segments: names.map(([, quoted, bare]) => segmentOf(quoted, bare, refuse)) };
}

/** Splits what stands between commas: `input.card,signals."a,b"`. @throws {@link InvalidOptionError} */
export function parseRedactionPaths(text: string): readonly RedactionPath[] {
  const parts = text.match(/(?:"(?:[^"\\]|\\.)*"|[^,])+/g) ?? [];
  return parts.map((part) => parseRedactionPath(part.trim()));
}

/** A way as a path that {@link parseRedactionPath} reads. */
export function formatPath(way: readonly Names[]): string {
  return way.map(([name]) => (/[."*,]|^$/.test(name) ? JSON.stringify(name) : name)).join(".");
}

/** Paths on their way down: what is left of each. */
export class Paths {
  readonly #rest: readonly Rest[];

  private constructor(rest: readonly Rest[]) {
    this.#rest = rest;
  }

  static all(paths: readonly RedactionPath[]): Paths {
    return new Paths(paths.map(({ segments }, index) => ({ index, segments })));
  }

  get isEmpty(): boolean {
    return this.#rest.length === 0;
  }

  /** Tells these from others that are left at the same value. */
  get key(): string {
    return this.#rest.map(({ index, segments }) => `${index}/${segments.length}`).join();
  }

  /** The number of the path that ends here, if one does. */
  get hit(): number | undefined {
    return this.#rest.find(({ segments }) => segments.every((one) => one === "**"))?.index;
  }

  /** The number of the first path that goes on, for a value that nobody can look into. */
  get first(): number | undefined {
    return this.#rest[0]?.index;
  }

  down(names: Names): Paths {
    const next = new Map<string, Rest>();
    for (const rest of this.#rest) {
      for (const one of after(rest, names)) next.set(`${one.index}/${one.segments.length}`, one);
    }
    return new Paths([...next.values()]);
  }

  along(way: readonly Names[]): Paths {
    return way.reduce<Paths>((paths, names) => paths.down(names), this);
  }
}

interface Rest {
  readonly index: number;
  readonly segments: readonly Segment[];
}

function after({ index, segments }: Rest, names: Names): readonly Rest[] {
  const [first, ...others] = segments;
  if (first === undefined) return [];
  if (first === "**") {
    return [{ index, segments }, ...after({ index, segments: others }, names)];
  }
  return names.some((name) => first.test(name)) ? [{ index, segments: others }] : [];
}

function segmentOf(
  quoted: string | undefined,
  bare: string | undefined,
  refuse: (rule: string) => never,
): Segment {
  if (bare === "**") return "**";
  if (bare !== undefined) return new RegExp(`^${bare.split("*").map(escaped).join(".*")}$`, "su");
  try {
    return new RegExp(`^${escaped(String(JSON.parse(quoted ?? "")))}$`, "su");
  } catch {
    return refuse("what stands in double quotes is written as in JSON");
  }
}

/** The text as a regular expression. */
export function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

const NAME = /("(?:[^"\\]|\\.)*")(?:\.|$)|([^."]+)(?:\.|$)/gsu;

const ROOTS: ReadonlySet<string> = new Set([
  "input",
  "output",
  "error",
  "steps",
  "signals",
  "children",
  "exposed",
  "metadata",
  "attributes",
  "tags",
]);
