/** How long closed runs of a flow stay in the log. */
export interface ArchivePolicy {
  /** Milliseconds after its end that a run is archived; nothing for never. */
  readonly afterMs: number | undefined;
}

export const NEVER: ArchivePolicy = Object.freeze({ afterMs: undefined });
