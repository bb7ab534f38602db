import type { BrokerReport, Usage } from "../../inspect.ts";
import { humanBytes } from "../human-time.ts";
import { type Check, fail, ok, warn } from "./check.ts";

/** The server, the account and the clocks. */
export function serverChecks(report: BrokerReport): readonly Check[] {
  const { server, account, clock } = report;
  if (!server.jetStream) return [connection(server), version(server), NO_JETSTREAM];
  return [
    connection(server),
    version(server),
    payload(server),
    ...(account === undefined
      ? []
      : [
          usage("storage limit", account.storage, humanBytes),
          usage("stream limit", account.streams, String),
          usage("consumer limit", account.consumers, String),
        ]),
    clockCheck(clock),
  ];
}

const NO_JETSTREAM = fail("JetStream", {
  found: "off",
  means: "Millrace keeps everything in JetStream",
  todo: 'add "jetstream {}" to the server\'s configuration, or allow it for this account',
});

type Server = BrokerReport["server"];

function connection({ url, name, cluster, roundTripMs }: Server): Check {
  const place = cluster === "" ? "" : ` of cluster ${cluster}`;
  const trip = roundTripMs === undefined ? "" : `, round trip ${roundTripMs.toFixed(1)} ms`;
  return ok("connection", {
    found: `${url} (${name}${place})${trip}`,
    means: "each step of a flow waits for one round trip and one write",
  });
}

const MINIMUM = [2, 12];
const RECOMMENDED = [2, 15];

function version({ version: found }: Server): Check {
  const means = "2.12 or newer is needed; from 2.15 on replicated streams share their fsyncs";
  if (isOlder(found, MINIMUM)) {
    return fail("server version", { found, means, todo: "update nats-server to 2.15" });
  }
  if (isOlder(found, RECOMMENDED)) {
    return warn("server version", { found, means, todo: "update nats-server to 2.15" });
  }
  return ok("server version", { found, means });
}

function isOlder(found: string, [major = 0, minor = 0]: readonly number[]): boolean {
  const [foundMajor = 0, foundMinor = 0] = found.split(".").map((part) => Number.parseInt(part));
  return foundMajor < major || (foundMajor === major && foundMinor < minor);
}

function payload({ maxPayloadBytes }: Server): Check {
  return ok("message limit", {
    found: humanBytes(maxPayloadBytes),
    means: "the largest input, output or error of one step; larger ones are refused before sending",
  });
}

function usage(name: string, { used, limit }: Usage, show: (value: number) => string): Check {
  if (limit < 0) return ok(name, { found: `none (${show(used)} used)`, means: ACCOUNT_LIMIT });
  const found = `${show(used)} of ${show(limit)} used`;
  const share = limit === 0 ? 1 : used / limit;
  const todo = "raise the account's limit before it is reached";
  if (share >= 0.95) return fail(name, { found, means: ACCOUNT_LIMIT, todo });
  if (share >= 0.8) return warn(name, { found, means: ACCOUNT_LIMIT, todo });
  return ok(name, { found, means: ACCOUNT_LIMIT });
}

const ACCOUNT_LIMIT = "the account's limit; at the limit nothing new is accepted";
const MAX_SKEW_MS = 1_000;

function clockCheck(clock: BrokerReport["clock"]): Check {
  const means = "events and timers carry the time of the machine that wrote them; order never does";
  if (clock === undefined) {
    return warn("clock skew", {
      found: "not visible over this connection",
      means,
      todo: "let every machine keep its time with NTP",
    });
  }
  const { skewMs, uncertaintyMs } = clock;
  const side = skewMs < 0 ? "behind" : "ahead of";
  const found = `the broker is ${Math.abs(skewMs)} ms ${side} this machine (± ${Math.ceil(uncertaintyMs)} ms)`;
  if (Math.abs(skewMs) - uncertaintyMs <= MAX_SKEW_MS) return ok("clock skew", { found, means });
  return warn("clock skew", {
    found,
    means: `${means}; a timer set here fires that much early or late elsewhere`,
    todo: "let every machine keep its time with NTP",
  });
}
