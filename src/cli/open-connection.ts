import { checkToken } from "../engine/names.ts";
import { connect, type Millrace } from "../index.ts";
import { namespaceExists } from "../inspect.ts";
import { brokerAddress } from "./broker-address.ts";
import { CliError } from "./cli-error.ts";
import type { GlobalOptions } from "./global-options.ts";
import { loadPayloadOptions } from "./load-payload-options.ts";

/** Connects to a namespace, which is made if it is missing: for what puts something into it. */
export async function openConnection(options: GlobalOptions): Promise<Millrace> {
  const { embeddedStore: _, ...address } = await brokerAddress(options);
  return connect({ ...address, ...(await loadPayloadOptions(options.payloads)) });
}

/**
 * Connects to a namespace that exists: looking for a run must not make one.
 * @throws {@link CliError} `NAMESPACE_NOT_FOUND`
 */
export async function openExisting(options: GlobalOptions): Promise<Millrace> {
  const { embeddedStore: _, ...address } = await brokerAddress(options);
  const { namespace, servers } = address;
  checkToken("A namespace", namespace);
  const payloads = await loadPayloadOptions(options.payloads);
  if (await namespaceExists(address)) return connect({ ...address, ...payloads });
  throw new CliError(
    "NAMESPACE_NOT_FOUND",
    `There is no namespace ${namespace} at ${servers.join(", ")}. Check --namespace and --servers; the first submit or serve makes it.`,
  );
}
