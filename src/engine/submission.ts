import type { ArchiveMark } from "./archive-mark.ts";
import type { Attributes } from "./attributes.ts";
import type { Payload } from "./payload.ts";
import type { RunId } from "./run-id.ts";

/** What was asked for when a run was submitted: stored once, for ever. */
export interface Submission {
  readonly runId: RunId;
  readonly queue: string;
  /** Tells one call of `submit` from another with the same key. */
  readonly submissionId: string;
  readonly input: Payload;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Search attributes that it has from the start. */
  readonly attributes: Attributes;
  /** Milliseconds since 1970, the submitter's clock. */
  readonly submittedAt: number;
  /** A subject to which the closing frame is sent as a hint, or empty. */
  readonly replyTo: string;
  /** The key was made for this submission: no other one can have it. */
  readonly isKeyNew: boolean;
  /** The run that submitted it from its flow, if one did. */
  readonly parent: Parent | undefined;
  /** Not to be started before, in milliseconds since 1970; 0 for at once. */
  readonly startAt: number;
  /** Cancelled if it has not ended by then, in milliseconds since 1970; 0 for never. */
  readonly deadlineAt: number;
  /** Set once the run was put into the archive. The input is left out then, unless the run was restored. */
  readonly archived?: ArchiveMark;
  /** The run that this one is a fork of, or runs again. */
  readonly origin?: Origin;
  /** Set for a run that was read from a bundle: it is to be looked at, and never goes on. */
  readonly imported?: ImportMark;
}

/** Where an imported run was recorded. */
export interface ImportMark {
  /** The namespace there. */
  readonly namespace: string;
  /** Milliseconds since 1970. */
  readonly importedAt: number;
  /** Of the bundle's bytes, in lower-case hexadecimal. */
  readonly sha256: string;
}

/** What the writer's name of an imported history begins with. */
export const IMPORTER = "import:";

/** True for the head of an imported run: nobody goes on with it. */
export function isImported(head: { readonly writer: string } | undefined): boolean {
  return head?.writer.startsWith(IMPORTER) ?? false;
}

/** Where a run comes from that was made of another one. */
export interface Origin {
  readonly runId: string;
  /** How many events of that run its history begins with; 0 for one that begins at the start. */
  readonly event: number;
  /** The same for whoever asks for the same fork again. */
  readonly request: string;
}

/** What the name of whoever copies a history begins with, in the frames of the copy. */
export const FORKER = "fork:";

/** True when the run's history begins with a copy, which stands before its submission: there is nothing to start. */
export function isForked({ origin }: Pick<Submission, "origin">): boolean {
  return origin !== undefined && origin.event > 0;
}

/** Where a child run comes from. */
export interface Parent {
  readonly runId: string;
  /** The parent's queue: where its inbox is. */
  readonly queue: string;
  /** The first run of the family. */
  readonly root: string;
  /** 1 for a child of a root. */
  readonly depth: number;
}
