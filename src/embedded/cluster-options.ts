import { createServer } from "node:net";
import { join } from "node:path";
import type { StartNatsServerOptions } from "./start-nats-server.ts";

/**
 * What to start each nats-server of a JetStream cluster with that stands on this machine: `n0`, `n1`, …, each with a store of
 * its own in `directory`. They find each other by ports that were free when this was asked for, and tell their clients of no
 * address but the one that those came by.
 */
export async function clusterOptions(
  directory: string,
  size: number,
): Promise<readonly ClusterNodeOptions[]> {
  const ports = await freePorts(size);
  const routes = ports.map((port) => JSON.stringify(`nats-route://127.0.0.1:${port}`)).join(", ");
  return ports.map((port, at) => ({
    storeDir: join(directory, `n${at}`),
    serverName: `n${at}`,
    configLines: [
      `cluster { name: millrace, listen: "127.0.0.1:${port}", no_advertise: true, routes: [${routes}] }`,
    ],
  }));
}

export type ClusterNodeOptions = StartNatsServerOptions & { readonly serverName: string };

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
