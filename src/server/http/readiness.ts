import type { Clock } from "../../ports/clock.ts";

/** One thing that the server needs to be of use. */
export interface ReadyCheck {
  readonly name: string;
  /** Says what is wrong, or nothing. Whatever it throws is wrong too. */
  readonly ask: () => Promise<string | undefined>;
}

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Asks everything at once; what does not answer in two seconds is not there. */
export function askAll(
  checks: readonly ReadyCheck[],
  clock: Clock,
): Promise<readonly CheckResult[]> {
  return Promise.all(
    checks.map(async ({ name, ask }) => {
      const wrong = await Promise.race([ask().catch(reasonOf), tooLate(clock)]);
      return { name, ok: wrong === undefined, detail: wrong ?? "" };
    }),
  );
}

const PATIENCE_MS = 2_000;

function tooLate(clock: Clock): Promise<string> {
  return new Promise((resolve) => {
    clock.after(PATIENCE_MS, () => resolve(`no answer in ${PATIENCE_MS} ms`));
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
