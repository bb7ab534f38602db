import type { Millrace } from "../../client/millrace.ts";
import { cancelRun } from "../../client/stop-run.ts";
import { FatalError } from "../../engine/flow-errors.ts";
import { RunClosedError, RunNotFoundError } from "../../engine/run-errors.ts";
import type { RunId } from "../../engine/run-id.ts";
import { parseRunId } from "../../engine/run-id.ts";
import { foldFrames } from "../../engine/run-state.ts";
import { ownChild } from "../../history/own-child.ts";
import { readSubmission } from "../../history/read-submission.ts";
import { readHead } from "../../history/run-head.ts";
import { readHistory } from "../../history/run-history.ts";
import { runOf } from "./act-on-run.ts";
import type { ActionOrder } from "./action-order.ts";

/**
 * The runs that this run's flow submitted and of whose end it did not hear: those that are its own, not what it only watches.
 * @throws {@link FatalError} when there is no such run.
 */
export async function openChildren({ host }: Millrace, id: string): Promise<readonly RunId[]> {
  const run = runOf(id);
  const { log } = host.broker;
  const { last } = await readHead(log, run);
  const { frames } = await readHistory(log, run, last);
  const state = foldFrames(frames);
  if (state === undefined) {
    if ((await readSubmission(log, run)) !== undefined) return [];
    const { code, message } = new RunNotFoundError(run.id, log.namespace);
    throw new FatalError(code, message);
  }
  const open = [...state.children.values()].filter(({ closed }) => !closed);
  const own = new Set<RunId>();
  for (const child of open) {
    const found = await ownChild(log, run.id, child);
    if (found !== undefined) own.add(found.run.id);
  }
  return [...own];
}

/** Cancels them, and gives how many there were to cancel. */
export async function cancelChildren(
  { host }: Millrace,
  { firing }: Pick<ActionOrder, "firing">,
  children: readonly RunId[],
  reason: string,
): Promise<number> {
  const done = await Promise.all(
    children.map(async (id) => {
      const as = { inputId: `trigger/${firing}`, writer: `trigger-${firing}` };
      try {
        await cancelRun(host, parseRunId(id), reason, as);
        return true;
      } catch (error) {
        // It ended by itself, or was recorded and never submitted.
        if (error instanceof RunClosedError || error instanceof RunNotFoundError) return false;
        throw error;
      }
    }),
  );
  return done.filter(Boolean).length;
}
