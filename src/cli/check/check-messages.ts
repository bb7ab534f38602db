import type { CheckedRun } from "../../debug/checked-run.ts";
import type { PackedRun } from "./packed-run.ts";

/** What a thread of a check is given to begin with. */
export interface CheckThreadOptions {
  readonly flowFile: string;
  readonly payloadsFile: string | undefined;
}

/** What it is asked: runs, one after the other, each answered in turn. */
export type CheckTask =
  | { readonly kind: "run"; readonly packed: PackedRun }
  | { readonly kind: "bundle"; readonly file: string; readonly bytes: Uint8Array };

/** What it says: `ready` or `refused` first, then an answer to each task, in order. */
export type CheckAnswer =
  /** With the flows and tasks that the file exports. */
  | { readonly kind: "ready"; readonly names: readonly string[] }
  /** The file cannot be loaded. */
  | { readonly kind: "refused"; readonly code: string; readonly message: string }
  | { readonly kind: "checked"; readonly checked: CheckedRun }
  /** Ask again with the blobs that it names. */
  | { readonly kind: "needs-blobs" };
