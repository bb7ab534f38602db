/**
 * The base of every error Millrace throws. `code` is stable across releases: compare codes, not messages. The message
 * names the run or step it is about and says what to do next.
 */
export abstract class MillraceError extends Error {
  abstract readonly code: string;

  /** True when trying the same thing again cannot help, so a step that throws it is not retried. */
  get fatal(): boolean {
    return false;
  }

  override get name(): string {
    return this.constructor.name;
  }
}
