export type {
  BrokerReport,
  ClockReport,
  NamespaceReport,
  QueueReport,
  StreamReport,
  Usage,
  WritesReport,
} from "./jetstream/broker-report.ts";
export { type InspectOptions, inspectBroker, namespaceExists } from "./jetstream/inspect-broker.ts";
