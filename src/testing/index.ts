export { ManualClock } from "./manual-clock.ts";
export { MemoryBlobStore } from "./memory-blob-store.ts";
export { MemoryBroker, type MemoryBrokerOptions } from "./memory-broker.ts";
export type { MemoryConnection } from "./memory-connection.ts";
export type { MemoryFaults, MemoryWrite, WriteFate } from "./memory-faults.ts";
