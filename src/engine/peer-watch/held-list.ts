/**
 * What a worker has others know of the messages that it holds as tokens. Every change has a number, so whoever knows the list
 * up to a number is told only what came after it: a worker that holds 10,000 runs for an hour tells of each of them once.
 */
export class HeldList {
  /** In the order in which they came, which is that of their numbers. */
  readonly #held = new Map<string, Change>();
  /** What is held no more, in order: kept until everybody has heard of it. */
  #gone: Change[] = [];
  #version = 0;
  #round = 0;

  get size(): number {
    return this.#held.size;
  }

  /** Compares with all that is held now. */
  note(now: Iterable<HeldToken>): void {
    const round = ++this.#round;
    for (const token of now) {
      const key = keyOf(token);
      const known = this.#held.get(key);
      if (known === undefined) this.#held.set(key, { token, version: ++this.#version, round });
      else known.round = round;
    }
    for (const [key, known] of this.#held) {
      if (known.round === round) continue;
      this.#held.delete(key);
      this.#gone.push({ ...known, version: ++this.#version });
    }
  }

  /** The changes after a number, at most so many at once; `upTo` is the number to go on from. */
  since(version: number, limit: number): HeldChanges {
    const held = after([...this.#held.values()], version);
    // Who knows nothing yet need not hear of what is gone.
    const gone = version === 0 ? [] : after(this.#gone, version);
    const all = held.length + gone.length;
    if (all <= limit) {
      return { held: tokens(held), gone: tokens(gone), upTo: this.#version, more: false };
    }
    const numbers = [...held, ...gone].map((change) => change.version).toSorted((a, b) => a - b);
    const upTo = numbers[limit - 1] ?? this.#version;
    const isTold = (change: Change): boolean => change.version <= upTo;
    return {
      held: tokens(held.filter(isTold)),
      gone: tokens(gone.filter(isTold)),
      upTo,
      more: true,
    };
  }

  /** Everybody who is told of changes knows them up to this number. */
  forget(upTo: number): void {
    this.#gone = after(this.#gone, upTo);
  }
}

/** A message that is the token of an activation. */
export interface HeldToken {
  readonly partition: number;
  readonly sequence: number;
}

/** What changed in a list of tokens. */
export interface HeldChanges {
  readonly held: readonly HeldToken[];
  readonly gone: readonly HeldToken[];
  readonly upTo: number;
  /** There are more than were asked for. */
  readonly more: boolean;
}

export function keyOf({ partition, sequence }: HeldToken): string {
  return `${partition}/${sequence}`;
}

interface Change {
  readonly token: HeldToken;
  readonly version: number;
  /** When it was seen last. */
  round: number;
}

function after(changes: readonly Change[], version: number): Change[] {
  // Mostly nothing is new, and what is new stands at the end.
  let from = changes.length;
  while (from > 0 && (changes[from - 1]?.version ?? 0) > version) from--;
  return changes.slice(from);
}

function tokens(changes: readonly Change[]): HeldToken[] {
  return changes.map(({ token }) => token);
}
