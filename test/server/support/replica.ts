import { pino } from "pino";
import { Millrace } from "../../../src/client/millrace.ts";
import type { RunStore } from "../../../src/projections/run-store.ts";
import type { ServerHost } from "../../../src/server/server-host.ts";
import type { MemoryBroker } from "../../../src/testing/memory-broker.ts";
import type { MemoryConnection } from "../../../src/testing/memory-connection.ts";

/** A server process of its own: what its parts are given. */
export interface Replica extends ServerHost {
  readonly connection: MemoryConnection;
}

export function replicaOf(broker: MemoryBroker, replica: string, store: RunStore): Replica {
  const connection = broker.connect();
  const { clock } = connection;
  const log = pino({ level: "silent" });
  return { connection, millrace: new Millrace(connection, clock), store, clock, log, replica };
}
