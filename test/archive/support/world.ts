import type { MemoryBroker } from "../../../src/testing/memory-broker.ts";
import type { World } from "../../contract/support/adapters.ts";

/** A broker in memory as a world that nobody meddles with from outside. */
export function worldOf(broker: MemoryBroker): World {
  return {
    namespace: "test",
    leaseMs: 5_000,
    connect: async () => broker.connect(),
    publish: async () => undefined,
    deleteConsumers: async () => undefined,
    close: async () => undefined,
  };
}
