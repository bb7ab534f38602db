import type { NatsConnection } from "@nats-io/nats-core";
import { connect, credsAuthenticator, type NodeConnectionOptions } from "@nats-io/transport-node";
import { BrokerError } from "../engine/usage-errors.ts";

/** How to reach the broker: plain data, so that a thread can dial too. */
export interface DialOptions {
  /** One URL or several, such as `nats://127.0.0.1:4222`. */
  readonly servers: string | readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** The content of a `.creds` file. */
  readonly credentials?: string;
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
  };
  /** Shown by the broker's monitoring. */
  readonly name?: string;
}

/**
 * Connects and goes on reconnecting for ever after.
 * @throws {@link BrokerError} when no server answers, with what to check.
 */
export async function dial(options: DialOptions, purpose: string): Promise<NatsConnection> {
  const servers = typeof options.servers === "string" ? [options.servers] : [...options.servers];
  const dialled: NodeConnectionOptions = {
    servers,
    name: options.name ?? `millrace ${purpose}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    reconnectJitter: 100,
    // Reconnecting into a black hole takes this long: the default of 20 s is most of a minute's outage.
    timeout: 2_000,
    pingInterval: 10_000,
    maxPingOut: 2,
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(options.password === undefined ? {} : { pass: options.password }),
    ...(options.token === undefined ? {} : { token: options.token }),
    ...(options.tls === undefined ? {} : { tls: { ...options.tls } }),
    ...(options.credentials === undefined
      ? {}
      : { authenticator: credsAuthenticator(new TextEncoder().encode(options.credentials)) }),
  };
  try {
    return await connect(dialled);
  } catch (cause) {
    throw new BrokerError(
      `No NATS server could be reached at ${servers.join(", ")}. Start one with JetStream enabled, or check the address and the credentials.`,
      { cause },
    );
  }
}
