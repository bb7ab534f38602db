import type { Logger } from "pino";
import type { RunActivity } from "../engine/run-activity.ts";
import type { Broker } from "../ports/broker.ts";
import { activitySubject, decodeActivityQuestion, encodeActivity } from "../wire/activity-codec.ts";

/**
 * Answers whoever asks what a worker does with a run. Gives what stops that. Nothing depends on it: a worker that cannot
 * answer serves all the same.
 */
export function answerQuestions(parts: AnswerParts): () => void {
  const { broker, worker, activityOf, log } = parts;
  const answer = async (question: Uint8Array): Promise<Uint8Array> => {
    const decoded = decodeActivityQuestion(question);
    return encodeActivity(decoded.kind === "ok" ? activityOf(decoded.value) : undefined);
  };
  const answering = broker.questions.answer(activitySubject(worker), answer);
  answering.catch((err: unknown) => log.warn({ err }, "Nobody can ask what this worker does"));
  return () => {
    answering.then((stop) => stop()).catch(() => undefined);
  };
}

export interface AnswerParts {
  readonly broker: Pick<Broker, "questions">;
  readonly worker: string;
  readonly log: Logger;
  /** Nothing for a run that the worker does not hold. */
  readonly activityOf: (run: string) => RunActivity | undefined;
}
