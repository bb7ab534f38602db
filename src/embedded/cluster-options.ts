import { createServer } from "node:net";
import { join } from "node:path";
import type { StartNatsServerOptions } from "./start-nats-server.ts";

/**
 * What to start each nats-server of a JetStream cluster with that stands on this machine: `n0`, `n1`, …, each with a store of
 * its own in `directory`. They find each other by ports that were free when this was asked for, and tell their clients of no
 * address but the one that those came by. Each goes to the others by the ports that `through` gives for theirs.
 */
export async function clusterOptions(
  directory: string,
  size: number,
  through: RouteThrough = async ({ port }) => port,
): Promise<readonly ClusterNodeOptions[]> {
  const ports = await freePorts(size);
  const nodes = ports.map(async (own, from) => {
    const others = ports.flatMap((port, to) => (to === from ? [] : [through({ from, to, port })]));
    const routes = (await Promise.all(others)).map((port) => `"nats-route://127.0.0.1:${port}"`);
    // What servers tell each other of their addresses is nobody's: they know the way that they are to take.
    const cluster = `name: millrace, listen: "127.0.0.1:${own}", advertise: "127.0.0.1:1", no_advertise: true`;
    return {
      storeDir: join(directory, `n${from}`),
      serverName: `n${from}`,
      configLines: [`cluster { ${cluster}, routes: [${routes.join(", ")}] }`],
    };
  });
  return Promise.all(nodes);
}

/** Gives the port by which one server of a cluster, by its number, reaches another one that listens on `port`. */
export type RouteThrough = (route: {
  readonly from: number;
  readonly to: number;
  readonly port: number;
}) => Promise<number>;

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
