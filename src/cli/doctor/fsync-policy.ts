import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** How the broker's disk is written, or why that is not known. */
export type FsyncPolicy =
  | {
      readonly known: true;
      readonly always: boolean;
      readonly interval: string;
      readonly source: string;
    }
  | { readonly known: false; readonly reason: string };

/**
 * The fsync policy. A client's connection does not tell it (nats-server 2.15): it stands in the server's monitoring, and
 * for a development broker in the file that Millrace wrote.
 */
export async function fsyncPolicy(places: {
  readonly embeddedStore: string | undefined;
  readonly monitorUrl: string | undefined;
}): Promise<FsyncPolicy> {
  const { embeddedStore, monitorUrl } = places;
  if (monitorUrl !== undefined) return fromMonitoring(monitorUrl);
  if (embeddedStore !== undefined) return fromConfiguration(embeddedStore);
  return { known: false, reason: "not visible over this connection" };
}

const TIMEOUT_MS = 5_000;
const DEFAULT_INTERVAL = "2m";

interface Varz {
  readonly jetstream?: {
    readonly config?: { readonly sync_always?: boolean; readonly sync_interval?: number };
  };
}

async function fromMonitoring(url: string): Promise<FsyncPolicy> {
  try {
    const answer = await fetch(new URL("/varz", url), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const { jetstream }: Varz = JSON.parse(await answer.text());
    const config = jetstream?.config;
    if (config === undefined) return { known: false, reason: `${url} says nothing of JetStream` };
    const seconds = (config.sync_interval ?? 0) / 1_000_000_000;
    const always = config.sync_always === true;
    return { known: true, always, interval: `${seconds}s`, source: "the server's monitoring" };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { known: false, reason: `the monitoring at ${url} cannot be read: ${reason}` };
  }
}

async function fromConfiguration(store: string): Promise<FsyncPolicy> {
  const text = await readFile(join(store, "nats-server.conf"), "utf8").catch(() => undefined);
  if (text === undefined) return { known: false, reason: "its configuration cannot be read" };
  const interval = /sync_interval:\s*"?([^"\s]+)/.exec(text)?.[1] ?? DEFAULT_INTERVAL;
  const source = "the development broker's configuration";
  return { known: true, always: interval === "always", interval, source };
}
