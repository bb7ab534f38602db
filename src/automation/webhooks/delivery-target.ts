import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { AddressGuard } from "./address-guard.ts";

/**
 * Where a delivery goes: the URL, and the one address that was checked. Nobody asks for the name again before the socket is
 * connected, so a name that leads elsewhere a moment later (DNS rebinding) leads nowhere.
 */
export interface DeliveryTarget {
  readonly url: URL;
  readonly address: string;
  readonly family: 4 | 6;
}

/** Gives the addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** As this machine resolves names: its hosts file included. */
export const systemResolve: Resolve = async (hostname) =>
  (await lookup(hostname, { all: true, verbatim: true })).map(({ address }) => address);

/**
 * Looks the name up, once, and takes the first of its addresses if all of them are allowed.
 * @throws {@link TargetRefusedError}; what `resolve` throws when the name is unknown.
 */
export async function deliveryTarget(
  text: string,
  guard: AddressGuard,
  resolve: Resolve,
): Promise<DeliveryTarget> {
  const url = checkedUrl(text);
  const name = url.hostname.replace(/^\[|\]$/g, "");
  const isLiteral = isIP(name) !== 0;
  if (!isLiteral && METADATA_NAMES.has(name.replace(/\.$/, ""))) {
    throw new TargetRefusedError(`${name} is where a cloud keeps its keys`);
  }
  const addresses = isLiteral ? [name] : await resolve(name);
  const [address] = addresses;
  if (address === undefined) throw new Error(`${name} has no address`);
  const closed = addresses.find((one) => !guard.permits(one));
  if (closed !== undefined) {
    const whose = isLiteral ? closed : `${closed}, to which ${name} leads,`;
    throw new TargetRefusedError(
      `${whose} is no address that everybody can reach. If it is meant, allow it: serve(…, { webhooks: { allow: ["${closed}"] } })`,
    );
  }
  return { url, address, family: isIP(address) === 4 ? 4 : 6 };
}

/** The address is none that a webhook may be sent to. Asking again does not help. */
export class TargetRefusedError extends Error {}

function checkedUrl(text: string): URL {
  if (!URL.canParse(text)) throw new TargetRefusedError("this is no URL");
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new TargetRefusedError(`${url.protocol} is neither http: nor https:`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new TargetRefusedError("a URL must not carry a user or password. Use a header");
  }
  return url;
}

const METADATA_NAMES: ReadonlySet<string> = new Set([
  "metadata",
  "metadata.google.internal",
  "metadata.goog",
  "instance-data",
  "instance-data.ec2.internal",
]);
