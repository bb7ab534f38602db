import type { Questions } from "../ports/questions.ts";

/** Asks a server of the namespace, in JSON. @throws {@link NoAnswerError}, {@link QuestionRefusedError}, the signal's reason. */
export async function askServer<T>(
  questions: Questions,
  subject: string,
  question: object,
  { signal, timeoutMs = TIMEOUT_MS }: { signal?: AbortSignal | undefined; timeoutMs?: number },
): Promise<T> {
  const data = new TextEncoder().encode(JSON.stringify(question));
  const options = { timeoutMs, ...(signal === undefined ? {} : { signal }) };
  const answer = await questions.ask(subject, data, options);
  return JSON.parse(new TextDecoder().decode(answer)) as T;
}

const TIMEOUT_MS = 15_000;
