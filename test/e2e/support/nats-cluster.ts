import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type NatsServer, startNatsServer } from "../../../src/embedded/start-nats-server.ts";

/** So many nats-servers that form one JetStream cluster, each with a store of its own. They end with the test. */
export async function startNatsCluster(size: number): Promise<NatsCluster> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-cluster-"));
  const ports = await freePorts(size);
  const routes = ports.map((port) => JSON.stringify(`nats-route://127.0.0.1:${port}`)).join(", ");
  const starting = ports.map((port, at) =>
    startNatsServer({
      storeDir: join(directory, `n${at}`),
      serverName: `n${at}`,
      configLines: [`cluster { name: millrace, listen: "127.0.0.1:${port}", routes: [${routes}] }`],
    }),
  );
  const started = await Promise.allSettled(starting);
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

/** Ports that nobody listens on now. All are held until the last is found, so that they differ. */
async function freePorts(count: number): Promise<readonly number[]> {
  const holders = await Promise.all(
    Array.from({ length: count }, async () => {
      const holder = createServer();
      await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
      return holder;
    }),
  );
  const ports = holders.map((holder) => (holder.address() as { port: number }).port);
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  return ports;
}
