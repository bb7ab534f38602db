import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { clusterOptions } from "../../../src/embedded/cluster-options.ts";
import { type NatsServer, startNatsServer } from "../../../src/embedded/start-nats-server.ts";

/** So many nats-servers that form one JetStream cluster, each with a store of its own. They end with the test. */
export async function startNatsCluster(size: number): Promise<NatsCluster> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-cluster-"));
  const options = await clusterOptions(directory, size);
  const started = await Promise.allSettled(options.map(startNatsServer));
  const servers = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  onTestFinished(async () => {
    await Promise.all(servers.map((server) => server.kill()));
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  });
  for (const one of started) if (one.status === "rejected") throw one.reason;
  return { servers, urls: servers.map(({ url }) => url) };
}

export interface NatsCluster {
  readonly servers: readonly NatsServer[];
  readonly urls: readonly string[];
}
