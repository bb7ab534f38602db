import { BlockList, isIP, isIPv4 } from "node:net";
import { InvalidOptionError } from "../../engine/usage-errors.ts";

/**
 * Says which addresses a webhook may be sent to. Whoever can make an endpoint must not reach what only this machine, its network
 * or its cloud can: so only what anybody on the internet could reach is allowed, and what the worker's own configuration adds.
 */
export class AddressGuard {
  readonly #allowed = { ipv4: new BlockList(), ipv6: new BlockList() };

  /**
   * `allow`: addresses and networks (`10.0.0.0/8`) that may be reached all the same.
   * @throws {@link InvalidOptionError}
   */
  constructor(allow: readonly string[] = []) {
    for (const entry of allow) this.#allow(entry);
  }

  /** True for an address that a delivery may go to. Text that is no address may not. */
  permits(address: string): boolean {
    const plain = plainAddress(address);
    if (plain === undefined) return false;
    const family = isIPv4(plain) ? "ipv4" : "ipv6";
    if (this.#allowed[family].check(plain, family)) return true;
    return family === "ipv4" ? !CLOSED_4.check(plain) : isGlobal6(plain);
  }

  #allow(entry: string): void {
    const [network = "", bits, ...rest] = entry.split("/");
    const family = isIP(network) === 4 ? "ipv4" : "ipv6";
    const most = family === "ipv4" ? 32 : 128;
    const prefix = bits === undefined ? most : Number(bits);
    const isRight =
      isIP(network) !== 0 &&
      !network.includes("%") &&
      rest.length === 0 &&
      /^\d{0,3}$/.test(bits ?? "") &&
      bits !== "" &&
      prefix <= most;
    if (!isRight) {
      const rule = "give addresses and networks such as 127.0.0.1, 10.0.0.0/8, fd00::/8";
      throw new InvalidOptionError("webhooks.allow", entry, rule);
    }
    this.#allowed[family].addSubnet(network, prefix, family);
  }
}

/** An IPv4 address in IPv6 form is the IPv4 address: `::ffff:127.0.0.1` reaches 127.0.0.1. One with a zone is local. */
function plainAddress(address: string): string | undefined {
  if (isIP(address) === 0 || address.includes("%")) return undefined;
  if (isIPv4(address)) return address;
  const [, high = "", low = ""] =
    /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(new URL(`http://[${address}]`).hostname) ??
    [];
  if (high === "") return address;
  const [upper, lower] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [upper >> 8, upper & 255, lower >> 8, lower & 255].join(".");
}

/** What of IPv4 is not for everybody (IANA's registry of special addresses), and where clouds keep their keys. */
const CLOSED_4 = blockList("ipv4", [
  "0.0.0.0/8", // this network
  "10.0.0.0/8", // private
  "100.64.0.0/10", // carriers' NAT, and Alibaba's metadata
  "127.0.0.0/8", // loopback
  "168.63.129.16/32", // Azure's host
  "169.254.0.0/16", // link-local, and the metadata of most clouds
  "172.16.0.0/12", // private
  "192.0.0.0/24", // protocol assignments
  "192.0.2.0/24", // documentation
  "192.31.196.0/24", // AS112
  "192.52.193.0/24", // AMT
  "192.88.99.0/24", // 6to4 relays
  "192.168.0.0/16", // private
  "192.175.48.0/24", // AS112
  "198.18.0.0/15", // benchmarks
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, and broadcast
]);

/** All that is assigned to the internet at large. So loopback, ULA, link-local, multicast, compatible and NAT64 are not. */
const GLOBAL_6 = blockList("ipv6", ["2000::/3"]);

/** What of that is not for everybody, or leads on to any IPv4 address. */
const CLOSED_6 = blockList("ipv6", [
  "2001::/23", // protocol assignments, Teredo among them
  "2001:db8::/32", // documentation
  "2002::/16", // 6to4
  "2620:4f:8000::/48", // AS112
  "3fff::/20", // documentation
]);

function isGlobal6(address: string): boolean {
  return GLOBAL_6.check(address, "ipv6") && !CLOSED_6.check(address, "ipv6");
}

function blockList(family: "ipv4" | "ipv6", networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of networks) {
    const [network = "", bits] = entry.split("/");
    list.addSubnet(network, Number(bits), family);
  }
  return list;
}
