import { findEmbeddedBroker } from "../embedded/open-embedded-broker.ts";
import type { ConnectOptions } from "../index.ts";
import type { GlobalOptions } from "./global-options.ts";
import { projectFolder } from "./project-folder.ts";
import { readFileOption } from "./read-input.ts";

/** Where to connect and how, from the options, the environment and the folder. */
export async function brokerAddress(options: GlobalOptions): Promise<BrokerAddress> {
  const { namespace, user, password, token, creds } = options;
  const servers = (options.servers ?? "").split(",").flatMap((url) => url.trim() || []);
  const embedded =
    servers.length === 0 ? await findEmbeddedBroker(projectFolder(process.cwd())) : undefined;
  const tls = await tlsOf(options);
  return {
    servers: servers.length === 0 ? [embedded?.url ?? DEFAULT_URL] : servers,
    namespace,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
    ...(creds === undefined ? {} : { credentials: await readText(creds) }),
    ...(tls === undefined ? {} : { tls }),
    embeddedStore: embedded?.storeDir,
  };
}

export interface BrokerAddress
  extends Omit<ConnectOptions, "servers" | "namespace" | "partitions" | "replicas"> {
  readonly servers: readonly string[];
  readonly namespace: string;
  /** Where the development broker of this folder keeps its files, when it is the one. */
  readonly embeddedStore: string | undefined;
}

const DEFAULT_URL = "nats://127.0.0.1:4222";

async function tlsOf(options: GlobalOptions): Promise<ConnectOptions["tls"]> {
  const { tlsCa, tlsCert, tlsKey } = options;
  if (tlsCa === undefined && tlsCert === undefined && tlsKey === undefined) return undefined;
  return {
    ...(tlsCa === undefined ? {} : { ca: await readText(tlsCa) }),
    ...(tlsCert === undefined ? {} : { cert: await readText(tlsCert) }),
    ...(tlsKey === undefined ? {} : { key: await readText(tlsKey) }),
  };
}

async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readFileOption(path));
}
