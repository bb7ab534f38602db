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
  let answer: T & { error?: ApiError };
  try {
    const data = body === undefined ? "" : JSON.stringify(body);
    const message = await connection.request(`$JS.API.${call}`, data, { timeout: TIMEOUT_MS });
    answer = message.json();
  } catch (cause) {
    if (connection.isClosed() || connection.isDraining()) throw new ConnectionClosedError(call);
    throw new BrokerError(
      `The broker did not answer ${call}. Is JetStream enabled, and the server reachable?`,
      { cause },
    );
  }
  if (answer.error === undefined) return answer;
  if (absent.includes(answer.error.err_code)) return undefined;
  throw new BrokerError(
    `The broker refused ${call}: ${answer.error.description} (${answer.error.err_code}).`,
  );
}

const TIMEOUT_MS = 5_000;

interface ApiError {
  readonly err_code: number;
  readonly description: string;
}
