/** `<name>#<n>`: the n-th use of that name in its scope. A flow run inside another puts `<flow>#<n>/` before it. */
export type StepId = string;

/** Id of the timer until the time before which a run was not to be started: no name of a user's has it. */
export const START_TIMER: StepId = "@start";

/** Numbers the uses of each name, from 1. */
export class StepNumbers {
  readonly #used = new Map<string, number>();

  next(name: string): StepId {
    const n = (this.#used.get(name) ?? 0) + 1;
    this.#used.set(name, n);
    return `${name}#${n}`;
  }
}
