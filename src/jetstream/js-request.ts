import type { NatsConnection } from "@nats-io/nats-core";
import { BrokerError, ConnectionClosedError } from "../engine/usage-errors.ts";

/**
 * A request to the JetStream API. Gives nothing when the broker answers with one of the error codes in `absent`.
 * @throws {@link BrokerError} for any other error, and when no answer comes within 5 s; {@link ConnectionClosedError}.
 */
export async function jsRequest<T>(
  connection: NatsConnection,
  call: string,
  body: object | undefined,
  absent: readonly number[] = [],
): Promise<T | undefined> {
  try {
    const data = body === undefined ? "" : JSON.stringify(body);
    const message = await connection.request(`$JS.API.${call}`, data, { timeout: TIMEOUT_MS });
    return answerOf(call, message.json<ApiAnswer<T>>(), absent);
  } catch (cause) {
    if (cause instanceof BrokerError) throw cause;
    if (connection.isClosed() || connection.isDraining()) throw new ConnectionClosedError(call);
    throw unanswered(call, cause);
  }
}

/** What the API answered, once it has. @throws {@link BrokerError} */
export function answerOf<T>(
  call: string,
  answer: ApiAnswer<T>,
  absent: readonly number[],
): T | undefined {
  if (answer.error === undefined) return answer;
  if (absent.includes(answer.error.err_code)) return undefined;
  throw new BrokerError(
    `The broker refused ${call}: ${answer.error.description} (${answer.error.err_code}).`,
  );
}

export function unanswered(call: string, cause: unknown): BrokerError {
  return new BrokerError(
    `The broker did not answer ${call}. Is JetStream enabled, and the server reachable?`,
    { cause },
  );
}

/** How long anybody waits for an answer of the API, in milliseconds. */
export const TIMEOUT_MS = 5_000;

export type ApiAnswer<T> = T & { readonly error?: ApiError };

interface ApiError {
  readonly err_code: number;
  readonly description: string;
}
