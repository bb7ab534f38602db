import type { RedactedPath, RunFileBlob } from "../archive/run-file-format.ts";
import type { RecordedRun, StoredRun } from "../history/recorded-run.ts";

/** A run as a file carries it: all that is needed to look at it, and to replay it, without a broker. */
export interface Bundle extends RecordedRun {
  /** The namespace where it was recorded. */
  readonly namespace: string;
  /** Its messages, byte for byte as they were stored but for what was redacted or decrypted. */
  readonly stored: StoredRun;
  /** Payloads that were too large for a message, if they were asked for. */
  readonly blobs: readonly RunFileBlob[];
  /** What was taken out before it was written. */
  readonly redacted: readonly RedactedPath[];
  /** True when the codec was undone on export: nothing is encrypted then. */
  readonly decrypted: boolean;
}

/** What a bundle is made of: a run that was read somewhere, or another bundle. */
export type BundleSource = Pick<Bundle, "namespace" | "stored"> &
  Partial<Pick<Bundle, "blobs" | "redacted" | "decrypted">>;
