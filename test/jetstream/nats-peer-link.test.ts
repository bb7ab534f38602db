import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectRaw } from "@nats-io/transport-node";
import { expect, onTestFinished, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { NatsPeerLink } from "../../src/jetstream/nats-peer-link.ts";
import { startNatsCluster } from "../e2e/support/nats-cluster.ts";

test("a peer has longer to connect anew in a cluster that advertises no addresses than at a server that is alone", async () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-link-"));
  const alone = await startNatsServer({ storeDir: join(directory, "store") });
  onTestFinished(async () => {
    await alone.kill();
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  });
  const { urls } = await startNatsCluster(3);
  expect(await confirmMsAt(urls[0] ?? "")).toBeGreaterThan(await confirmMsAt(alone.url));
});

async function confirmMsAt(servers: string): Promise<number> {
  const connection = await connectRaw({ servers });
  onTestFinished(() => connection.close());
  return new NatsPeerLink(connection, "main").confirmMs;
}
