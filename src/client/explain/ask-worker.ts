import { NoAnswerError } from "../../engine/question-errors.ts";
import type { RunActivity } from "../../engine/run-activity.ts";
import {
  activitySubject,
  decodeActivity,
  encodeActivityQuestion,
} from "../../wire/activity-codec.ts";
import type { ClientHost } from "../client-host.ts";

/** What a worker answers that is asked what it does with a run. */
export type WorkerAnswer =
  | { readonly status: "holds"; readonly activity: RunActivity }
  | { readonly status: "holds-not" }
  /** There is no such worker, as far as the broker knows. */
  | { readonly status: "nobody" }
  /** It is there, and hangs or does not know the question; or this is not known. */
  | { readonly status: "silent" };

/** Asks a worker what it does with a run. Never throws. */
export async function askWorker(
  { broker }: ClientHost,
  worker: string,
  run: string,
): Promise<WorkerAnswer> {
  try {
    const question = encodeActivityQuestion(run);
    const options = { timeoutMs: PATIENCE_MS };
    const answer = await broker.questions.ask(activitySubject(worker), question, options);
    const decoded = decodeActivity(answer);
    if (decoded.kind === "foreign") return { status: "silent" };
    return decoded.value === false
      ? { status: "holds-not" }
      : { status: "holds", activity: decoded.value };
  } catch (error) {
    const isNobody = error instanceof NoAnswerError && error.timeoutMs === undefined;
    return { status: isNobody ? "nobody" : "silent" };
  }
}

/** A worker that hangs is waited for no longer. */
const PATIENCE_MS = 1_500;
