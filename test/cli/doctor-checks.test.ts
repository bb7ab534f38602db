import { expect, test } from "vitest";
import type { Check } from "../../src/cli/doctor/check.ts";
import { durabilityChecks } from "../../src/cli/doctor/durability-checks.ts";
import { namespaceChecks } from "../../src/cli/doctor/namespace-checks.ts";
import { serverChecks } from "../../src/cli/doctor/server-checks.ts";
import type { BrokerReport, QueueReport, StreamReport } from "../../src/inspect.ts";

const QUEUE: QueueReport = {
  queue: "shop",
  kind: "new",
  leaseMs: 5_000,
  waiting: 0,
  handedOut: 0,
  openPulls: 1,
  wrong: [],
};
const STREAM: StreamReport = {
  name: "MR_default_0",
  isMissing: false,
  replicas: 3,
  messages: 10,
  bytes: 1_000,
  lost: 0,
  lagging: [],
  differences: [],
  deadLetters: 0,
  newestDeadLetter: undefined,
  queues: [QUEUE, { ...QUEUE, kind: "in" }],
};
const REPORT: BrokerReport = {
  server: {
    url: "nats://broker:4222",
    name: "n1",
    version: "2.15.1",
    cluster: "c",
    jetStream: true,
    maxPayloadBytes: 1_048_576,
    roundTripMs: 1,
  },
  account: {
    storage: { used: 1, limit: -1 },
    streams: { used: 1, limit: 10 },
    consumers: { used: 1, limit: -1 },
  },
  clock: { skewMs: 3, uncertaintyMs: 1 },
  namespace: {
    partitions: 1,
    layers: [1],
    isBeingAdded: false,
    isMillrace: true,
    streams: [STREAM],
    others: [],
  },
  writes: { count: 50, medianMs: 0.2, slowestMs: 3 },
};

function levelOf(checks: readonly Check[], name: string): string | undefined {
  return checks.find((check) => check.name === name)?.level;
}

function server(changed: Partial<BrokerReport["server"]>): readonly Check[] {
  return serverChecks({ ...REPORT, server: { ...REPORT.server, ...changed } });
}

function stream(changed: Partial<StreamReport>): readonly Check[] {
  const streams = [{ ...STREAM, ...changed }];
  return namespaceChecks("default", {
    partitions: 1,
    layers: [1],
    isBeingAdded: false,
    isMillrace: true,
    streams,
    others: [],
  });
}

function queue(...changes: readonly Partial<QueueReport>[]): string | undefined {
  const queues = changes.map((changed) => ({ ...QUEUE, ...changed }));
  return levelOf(stream({ queues }), "queue shop");
}

test("a broker that is as it should be has no warning", () => {
  const fsync = { known: true, always: false, interval: "2m", source: "a file" } as const;
  const all = [
    ...serverChecks(REPORT),
    ...durabilityChecks(REPORT, fsync, false),
    ...namespaceChecks("default", REPORT.namespace),
  ];
  expect(all.filter(({ level }) => level !== "ok")).toEqual([]);
});

test.each([
  ["2.11.9", "fail"],
  ["2.12.0", "warn"],
  ["2.14.3-beta.1", "warn"],
  ["2.15.0", "ok"],
  ["3.0.0", "ok"],
])("nats-server %s: %s", (version, level) => {
  expect(levelOf(server({ version }), "server version")).toBe(level);
});

test("without JetStream that is all there is to say, and it fails", () => {
  const checks = server({ jetStream: false });
  expect(checks.map(({ name }) => name)).toEqual(["connection", "server version", "JetStream"]);
  expect(levelOf(checks, "JetStream")).toBe("fail");
});

test.each([
  [7, "ok"],
  [8, "warn"],
  [10, "fail"],
])("%d of 10 streams used: %s", (used, level) => {
  const account = { ...REPORT.account, streams: { used, limit: 10 } } as BrokerReport["account"];
  expect(levelOf(serverChecks({ ...REPORT, account }), "stream limit")).toBe(level);
});

test.each([
  [{ skewMs: 900, uncertaintyMs: 1 }, "ok"],
  [{ skewMs: -1_500, uncertaintyMs: 5 }, "warn"],
  [{ skewMs: 1_500, uncertaintyMs: 800 }, "ok"],
  [undefined, "warn"],
])("clock %j: %s", (clock, level) => {
  expect(levelOf(serverChecks({ ...REPORT, clock }), "clock skew")).toBe(level);
});

test("one replica, and an fsync that comes later, are to look at in production and right for development", () => {
  const namespace = {
    partitions: 1,
    layers: [1],
    isBeingAdded: false,
    isMillrace: true,
    streams: [{ ...STREAM, replicas: 1 }],
    others: [],
  };
  const fsync = { known: true, always: false, interval: "2m", source: "a file" } as const;
  const levels = (isEmbedded: boolean): (string | undefined)[] => {
    const checks = durabilityChecks({ ...REPORT, namespace }, fsync, isEmbedded);
    return ["replicas", "fsync policy"].map((name) => levelOf(checks, name));
  };
  expect(levels(false)).toEqual(["warn", "warn"]);
  expect(levels(true)).toEqual(["ok", "ok"]);
});

test("a write that could not be measured says so", () => {
  const fsync = { known: false, reason: "not visible" } as const;
  const checks = durabilityChecks(
    { ...REPORT, writes: { refused: "no permission" } },
    fsync,
    false,
  );
  expect(checks.find(({ name }) => name === "write latency")).toMatchObject({
    level: "warn",
    found: "not measured: no permission",
  });
});

test("a stream that is not Millrace's, a gap in the log and a replica that is behind are told", () => {
  const foreign = namespaceChecks("default", {
    partitions: 1,
    layers: [1],
    isBeingAdded: false,
    isMillrace: false,
    streams: [],
    others: [],
  });
  expect(levelOf(foreign, "namespace")).toBe("fail");
  expect(levelOf(stream({ lost: 3 }), "log MR_default_0")).toBe("ok");
  expect(levelOf(stream({ lagging: ["n2"] }), "replicas of MR_default_0")).toBe("warn");
});

test("queues: wrong consumers and two leases fail, a short lease and a missing reader are to look at", () => {
  expect(queue({ wrong: ["its ack policy is none"] })).toBe("fail");
  expect(queue({}, { kind: "in", leaseMs: 9_000 })).toBe("fail");
  expect(queue({ leaseMs: 500 })).toBe("warn");
  expect(queue({ waiting: 3, openPulls: 0 })).toBe("warn");
  expect(queue({ waiting: 3, openPulls: 0, handedOut: 1 })).toBe("ok");
});

test("a stream beside the log that is missing is made by whoever connects; one that was changed is wrong", () => {
  const others = [
    { ...STREAM, name: "MR_default_events", isMissing: true },
    { ...STREAM, name: "MR_default_ingress", differences: ['retention is "limits"'] },
    { ...STREAM, name: "MR_default_control", lagging: ["n2"] },
  ];
  const checks = namespaceChecks("default", {
    partitions: 1,
    layers: [1],
    isBeingAdded: false,
    isMillrace: true,
    streams: [STREAM],
    others,
  });
  expect(levelOf(checks, "stream MR_default_events")).toBe("warn");
  expect(levelOf(checks, "stream MR_default_ingress")).toBe("fail");
  expect(levelOf(checks, "stream MR_default_control")).toBe("ok");
  expect(levelOf(checks, "replicas of MR_default_control")).toBe("warn");
});
