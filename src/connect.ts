import { Millrace } from "./client/millrace.ts";
import { checkToken } from "./engine/names.ts";
import { type BrokerOptions, connectBroker } from "./jetstream/connect-broker.ts";
import type { PayloadOptions } from "./payloads/payloads.ts";
import { systemClock } from "./ports/clock.ts";

/** Where to connect, and to which namespace. */
export interface ConnectOptions extends Partial<Omit<BrokerOptions, "namespace">>, PayloadOptions {
  /** Letters, digits, `_` and `-`. Default `default`. */
  readonly namespace?: string;
}

/**
 * Connects to NATS and opens a namespace, making it first if it is missing. Reconnects by itself for ever.
 * @throws {@link BrokerError} when no server answers or it has no JetStream, {@link SettingsMismatchError} when the
 * namespace has other `replicas` or `partitions` than were asked for, {@link NamespaceChangedError} while partitions are being
 * added to it, {@link InvalidOptionError}.
 */
export async function connect(options: ConnectOptions = {}): Promise<Millrace> {
  const namespace = checkToken("A namespace", options.namespace ?? "default");
  const servers = options.servers ?? process.env["NATS_URL"] ?? "nats://127.0.0.1:4222";
  const broker = await connectBroker({ ...options, servers, namespace });
  try {
    return new Millrace(broker, systemClock, options);
  } catch (error) {
    await broker.close();
    throw error;
  }
}
