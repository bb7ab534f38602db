/** The peers that watch a worker: a first one, which acts when the worker is gone, and a second one in case both are. */
export class Watchers {
  #watchers: Watcher[] = [];

  /** Who was chosen has some time to ask for the first time. */
  add(worker: string, now: number): void {
    this.#watchers.push({ worker, heardAt: now, knows: 0 });
  }

  /** One of them asked, and knows the list up to this number. False when it is none of them. */
  heard(worker: string, knows: number, now: number): boolean {
    const watcher = this.#watchers.find((one) => one.worker === worker);
    if (watcher === undefined) return false;
    watcher.heardAt = now;
    watcher.knows = knows;
    return true;
  }

  /** Forgets those that have not asked for long. */
  prune(now: number): void {
    this.#watchers = this.#watchers.filter(({ heardAt }) => now - heardAt < LAPSED_MS);
  }

  remove(worker: string): void {
    this.#watchers = this.#watchers.filter((one) => one.worker !== worker);
  }

  clear(): void {
    this.#watchers = [];
  }

  get names(): readonly string[] {
    return this.#watchers.map(({ worker }) => worker);
  }

  get lacking(): number {
    return WATCHERS - this.#watchers.length;
  }

  /** What all of them know. */
  get known(): number {
    return Math.min(...this.#watchers.map(({ knows }) => knows));
  }
}

interface Watcher {
  readonly worker: string;
  heardAt: number;
  knows: number;
}

/** A peer that would watch, and how many it watches already. */
export interface Volunteer {
  readonly worker: string;
  readonly watches: number;
}

/**
 * Who of the volunteers is to watch a worker: whoever watches the fewest, and of those the ones that a hash of both names picks,
 * so that all do not turn to the same one. Those of its own process would die with it, and watch nobody.
 */
export function chooseWatchers(
  worker: string,
  volunteers: readonly Volunteer[],
  count: number,
): readonly string[] {
  return volunteers
    .filter((one) => processOf(one.worker) !== processOf(worker))
    .toSorted(
      (a, b) => a.watches - b.watches || scoreOf(worker, a.worker) - scoreOf(worker, b.worker),
    )
    .slice(0, count)
    .map((one) => one.worker);
}

/** Ids are `<host>-<pid>-<random>`. */
function processOf(worker: string): string {
  return worker.slice(0, worker.lastIndexOf("-") + 1) || worker;
}

function scoreOf(worker: string, volunteer: string): number {
  let hash = 2_166_136_261;
  for (const character of `${worker}/${volunteer}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619);
  }
  return hash >>> 0;
}

const WATCHERS = 2;

/** The second one asks once a second, and one question may be lost. */
const LAPSED_MS = 2_500;
