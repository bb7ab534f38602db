import type { RunId } from "../engine/run-id.ts";
import type { MemoryProcess } from "./memory-process.ts";

/** What a test lets go wrong. Each is asked at the broker, at the moment at which it would happen. */
export interface MemoryFaults {
  /** A write has come. What becomes of it? `process.crash()` in here is a crash before the write is stored. */
  beforeWrite?(write: MemoryWrite): WriteFate;
  /** A write is stored, and its answer is not yet sent: `crash()` in here is a crash before the writer knows. */
  afterWrite?(write: MemoryWrite & { readonly sequence: number }): void;
  /** True loses a hint or the telling of a frame: nothing may depend on them (I6). */
  losesHint?(): boolean;
}

/**
 * - `stored`: all is well.
 * - `ack lost`: it is stored, and the writer is told that this is not known.
 * - `not stored`: it is lost, and the writer is told that this is not known.
 * - `stored late`: the writer is told that it is not known, and the write lands `lateMs` afterwards.
 */
export type WriteFate =
  | "stored"
  | "ack lost"
  | "not stored"
  | { readonly fate: "stored late"; readonly lateMs: number };

export interface MemoryWrite {
  /** The process that wrote. */
  readonly process: MemoryProcess;
  readonly kind:
    | "submit"
    | "append"
    | "put"
    | "wake at"
    | "set aside"
    | "roll up"
    | "clear inbox"
    | "control"
    | "publish"
    | "order";
  /** Nothing when it is set aside, for a control record, and on the streams beside the log. */
  readonly runId: RunId | undefined;
  readonly data: Uint8Array;
}
