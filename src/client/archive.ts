import { archiveRun, type SkipReason } from "../archive/archive-run.ts";
import { readArchivedRun } from "../archive/archived-run.ts";
import { restoreRun } from "../archive/restore-run.ts";
import { RunNotArchivedError } from "../engine/archive-errors.ts";
import { type ArchivedEvent, archivedIn } from "../engine/archived-event.ts";
import type { Duration } from "../engine/duration.ts";
import { isClosed } from "../engine/frame.ts";
import { RunNotFoundError } from "../engine/run-errors.ts";
import { parseRunId, type RunId, type RunRef } from "../engine/run-id.ts";
import { readHead } from "../history/run-head.ts";
import { type ArchivePlace, archivePlace } from "./archive-place.ts";
import { type ArchivePolicies, checkAfter, readPolicies, setPolicy } from "./archive-policies.ts";
import type { ClientHost } from "./client-host.ts";
import { listRuns } from "./list-runs.ts";
import { Outcomes, workOnEach } from "./outcomes.ts";
import type { RunView } from "./run-view.ts";

/**
 * The archive of a namespace: closed runs as one file each in the blob store, with one frame left in the log. What reads runs
 * finds them there; what goes on with them needs them back.
 */
export class Archive {
  readonly #host: ClientHost;

  constructor(host: ClientHost) {
    this.#host = host;
  }

  /** How long closed runs stay in the log before the server archives them. */
  policies(): Promise<ArchivePolicies> {
    return readPolicies(this.#host);
  }

  /**
   * Settles it for a flow, or for all flows without a policy of their own. Resolves when it is durable.
   * @throws {@link InvalidNameError}, {@link InvalidDurationError}, {@link InvalidOptionError}, {@link BrokerError}
   */
  setPolicy(policy: {
    /** Default: all flows that have no policy of their own. */
    readonly flow?: string;
    readonly after: Duration | "never";
  }): Promise<void> {
    return setPolicy(this.#host, policy.flow, policy.after);
  }

  /**
   * Archives a run, whatever its flow's policy says, if it ended at least `olderThan` ago: ten minutes by default. Safe to
   * repeat: what was left undone is done then.
   * @throws {@link BrokerError}, {@link BlobStoreError}: nothing is lost, try again.
   */
  async add(id: string, options: { readonly olderThan?: Duration } = {}): Promise<ArchivedOne> {
    return this.#add(parseRunId(id), checkAfter(options.olderThan ?? LEAST_AGE_MS));
  }

  /** The same for all closed runs of a flow, found by a look through the log, and tells of each. */
  addAll(filter: {
    readonly flow: string;
    readonly olderThan: Duration;
    readonly signal?: AbortSignal;
  }): Outcomes<ArchivedOne> {
    const { flow, signal } = filter;
    const olderThanMs = checkAfter(filter.olderThan);
    const add = ({ id }: RunView): Promise<ArchivedOne> =>
      this.#add(parseRunId(id), olderThanMs).catch((error: unknown) => ({
        id,
        status: "failed",
        error,
      }));
    const options = { concurrency: AT_ONCE, order: "ends", signal } as const;
    return new Outcomes(() => workOnEach(this.#closed(flow), add, options));
  }

  /** The archived runs of a flow, in no particular order: a look through the log. */
  async *list(filter: { readonly flow: string }): AsyncGenerator<ArchivedView> {
    for await (const view of listRuns(this.#host, filter)) {
      if (view.archived === undefined) continue;
      yield { id: view.id, status: view.status, closedAt: view.updatedAt, ...view.archived };
    }
  }

  /**
   * A run's file, compared with what was stored: gzip of JSON lines (docs/archive.md).
   * @throws {@link RunNotFoundError}, {@link RunNotArchivedError}, {@link ArchiveFileError}
   */
  async get(id: string): Promise<Uint8Array> {
    const archived = await this.#archived(parseRunId(id));
    await readArchivedRun(this.#host.payloads, archived);
    return this.#host.payloads.fetchFile(archived.file);
  }

  /**
   * Reads a run's file and checks all that it says of itself.
   * @throws {@link RunNotFoundError}, {@link RunNotArchivedError}, {@link ArchiveFileError}
   */
  async verify(id: string): Promise<VerifiedRun> {
    const archived = await this.#archived(parseRunId(id));
    const { file } = await readArchivedRun(this.#host.payloads, archived);
    const messages = file.messages.length;
    return { id: archived.submission.runId, ...archivePlace(archived), messages };
  }

  /**
   * Puts a run back into the log: it can be resumed then. Resolves when that is durable. Its file stays.
   * @throws {@link RunNotFoundError}, {@link RunNotArchivedError}, {@link ArchiveFileError}, {@link RunNotRestorableError},
   * {@link BrokerError}
   */
  restore(id: string): Promise<void> {
    return restoreRun(this.#host, parseRunId(id));
  }

  async #add(run: RunRef, olderThanMs: number): Promise<ArchivedOne> {
    const outcome = await archiveRun(this.#host, run, olderThanMs);
    return outcome.status === "skipped"
      ? { id: run.id, ...outcome }
      : { id: run.id, status: outcome.status, ...archivePlace(outcome.archived) };
  }

  /** Those in the archive too: one may be there by half. */
  async *#closed(flow: string): AsyncGenerator<RunView> {
    for await (const view of listRuns(this.#host, { flow })) if (isClosed(view.status)) yield view;
  }

  async #archived(run: RunRef): Promise<ArchivedEvent> {
    const { log } = this.#host.broker;
    const { frame } = await readHead(log, run);
    const archived = archivedIn(frame);
    if (archived !== undefined) return archived;
    if (frame !== undefined || (await log.submission(run)) !== undefined) {
      throw new RunNotArchivedError(run.id);
    }
    throw new RunNotFoundError(run.id, log.namespace);
  }
}

export interface ArchivedView extends ArchivePlace {
  readonly id: RunId;
  readonly status: string;
  readonly closedAt: Date;
}

export interface VerifiedRun extends ArchivePlace {
  readonly id: string;
  readonly messages: number;
}

/** What came of one run. */
export type ArchivedOne =
  | ({ readonly id: RunId; readonly status: "archived" | "was archived" } & ArchivePlace)
  | { readonly id: RunId; readonly status: "skipped"; readonly reason: SkipReason }
  /** Nothing is lost: try again. */
  | { readonly id: RunId; readonly status: "failed"; readonly error: unknown };

/** Who has just ended a run may still be about to tell of it: nothing would be lost, but some of it done twice. */
export const LEAST_AGE_MS = 600_000;

const AT_ONCE = 8;
