export { addPartitions } from "./jetstream/add-partitions.ts";
export type {
  BrokerReport,
  NamespaceReport,
  QueueReport,
  StreamReport,
  StreamSettings,
  Usage,
} from "./jetstream/broker-report.ts";
export { inspectBroker, namespaceExists } from "./jetstream/inspect-broker.ts";
