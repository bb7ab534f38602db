import { isResumable } from "../engine/frame.ts";
import { parseRunId } from "../engine/run-id.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import { putWake } from "../history/put-wake.ts";
import type { ClientHost } from "./client-host.ts";
import { listRuns, type RunFilter } from "./list-runs.ts";
import { workOnEach } from "./outcomes.ts";
import { Patience } from "./patience.ts";
import type { RunView } from "./run-view.ts";

/** Which runs to continue by hand. */
export interface ResumeFilter extends RunFilter<ResumableStatus> {
  readonly status: ResumableStatus | readonly ResumableStatus[];
  /** Asks for no more when it aborts, and throws its reason. */
  readonly signal?: AbortSignal;
}

/** States that only a hand ends. */
export type ResumableStatus = "parked" | "failed" | "crashed";

/** Asks for each run that is there now to be continued, and gives how many they are. */
export async function resumeWhere(host: ClientHost, filter: ResumeFilter): Promise<number> {
  for (const status of [filter.status].flat()) {
    if (isResumable(status)) continue;
    throw new InvalidOptionError(
      "status",
      status,
      "only parked, failed and crashed runs are resumed",
    );
  }
  let resumed = 0;
  const resume = async ({ id, queue }: RunView): Promise<Asked> => {
    const wake = { replaces: [], resume: true, queue };
    const ask = (): Promise<void> => putWake(host, parseRunId(id), queue, wake);
    return new Patience(host, GIVE_UP_MS).ask(ask).then(
      () => ({}),
      (error: unknown) => ({ error }),
    );
  };
  const options = { concurrency: MAX_UNDER_WAY, order: "ends", signal: filter.signal } as const;
  for await (const { error } of workOnEach(inTheLog(host, filter), resume, options)) {
    if (error !== undefined) throw error;
    resumed++;
  }
  return resumed;
}

/** Without those in the archive: they have to be put back first. */
async function* inTheLog(host: ClientHost, filter: ResumeFilter): AsyncGenerator<RunView> {
  for await (const view of listRuns(host, filter)) if (view.archived === undefined) yield view;
}

interface Asked {
  readonly error?: unknown;
}

const MAX_UNDER_WAY = 256;
const GIVE_UP_MS = 30_000;
