/** What any program can do that has a NATS client and nothing of Millrace: this file imports nothing of it, on purpose. */
import { type NatsConnection, headers as newHeaders } from "@nats-io/transport-node";

/** The answer of the broker to a message that a stream has stored. */
export interface PubAck {
  readonly stream: string;
  readonly seq: number;
  readonly duplicate?: boolean;
}

/** Publishes with a reply subject, so that the broker says where it put the message. */
export async function publishPlainly(
  connection: NatsConnection,
  subject: string,
  body: string | Uint8Array = "",
  headers: Readonly<Record<string, string | readonly string[]>> = {},
): Promise<PubAck> {
  const all = newHeaders();
  for (const [name, values] of Object.entries(headers)) {
    for (const value of typeof values === "string" ? [values] : values) all.append(name, value);
  }
  const options = { headers: all, timeout: 30_000 };
  const answer = await connection.request(subject, body, options);
  const ack = answer.json<PubAck & { error?: { description: string } }>();
  if (ack.error !== undefined) throw new Error(`${subject}: ${ack.error.description}`);
  return ack;
}
