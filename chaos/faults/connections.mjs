// @ts-check
/** Faults of the network between the servers and the processes that connect to them. */

/**
 * Connections end with a FIN, as behind a load balancer that is restarted.
 * @type {import("../field.mjs").Fault}
 */
export const cutConnections = {
  name: "cut-connections",
  weight: 1,
  strike: (field, random) => strikeSome(field, random, (one) => one.cut(), "FIN to"),
};

/**
 * Connections end with a RST: what is on its way is lost, answers too.
 * @type {import("../field.mjs").Fault}
 */
export const resetConnections = {
  name: "reset-connections",
  weight: 1,
  strike: (field, random) => strikeSome(field, random, (one) => one.reset(), "RST to"),
};

/**
 * Each byte takes longer, up to a third of a lease and its jitter, for up to three leases.
 * @type {import("../field.mjs").Fault}
 */
export const delayConnections = {
  name: "delay-connections",
  weight: 1,
  strike: async (field, random) => {
    const delayMs = Math.round(random.between(0.01, 0.3) * field.leaseMs);
    const jitterMs = Math.round(random.fraction() * delayMs);
    return disturb(field, random, {
      how: `${delayMs} ms + up to ${jitterMs} ms each way for`,
      conditions: { delayMs, jitterMs },
      ms: random.between(0.5, 3) * field.leaseMs,
    });
  },
};

/**
 * Nothing comes through, and nobody is told: in both directions or in one, for half a lease to three leases. Where bytes
 * were swallowed the connection is reset at the end; where they were held they come late, all of them.
 * @type {import("../field.mjs").Fault}
 */
export const blackHole = {
  name: "black-hole",
  weight: 1,
  strike: (field, random) => holeFor(field, random, random.between(0.5, 3) * field.leaseMs),
};

/**
 * A black hole that lasts longer than the clients' pings, which are sent every 10 s and given up when two are not answered.
 * @type {import("../field.mjs").Fault}
 */
export const longBlackHole = {
  name: "long-black-hole",
  weight: 0.1,
  strike: (field, random) => holeFor(field, random, random.between(22_000, 35_000)),
};

/**
 * Who connects is refused for up to two leases, and whoever was connected is thrown out first.
 * @type {import("../field.mjs").Fault}
 */
export const refuseConnections = {
  name: "refuse-connections",
  weight: 0.5,
  strike: async (field, random) => {
    const { name, proxy } = connected(field, random);
    const ms = Math.round(random.between(0.2, 2) * field.leaseMs);
    proxy.tcp.refuse();
    proxy.tcp.reset();
    return {
      what: `RST to all connections of ${name}, and nobody gets in for ${ms} ms`,
      target: name,
      until: Date.now() + ms,
      heal: async () => proxy.tcp.heal(),
    };
  },
};

/**
 * A server, rather one that somebody is connected to.
 * @param {import("../field.mjs").Field} field
 * @param {import("../random.mjs").Random} random
 */
export function connected({ servers }, random) {
  const used = servers.filter(({ proxy }) => proxy.tcp.connections.length > 0);
  return random.pick(used.length > 0 ? used : servers);
}

/**
 * @param {import("../field.mjs").Field} field
 * @param {import("../random.mjs").Random} random
 * @param {number} ms
 */
function holeFor(field, random, ms) {
  const kind = random.pick(/** @type {const} */ (["hold", "swallow"]));
  const way = random.pick(WAYS);
  const up = way === "from the server" ? "open" : kind;
  const down = way === "to the server" ? "open" : kind;
  const how = `${kind === "hold" ? "hold" : "swallow"} all that goes ${way} for`;
  return disturb(field, random, { how, conditions: { up, down }, ms });
}

const WAYS = /** @type {const} */ (["both ways", "both ways", "to the server", "from the server"]);

/**
 * All connections of one server, or some of them, and those that are made meanwhile in the first case.
 * @param {import("../field.mjs").Field} field
 * @param {import("../random.mjs").Random} random
 * @param {{ how: string, conditions: Partial<import("../proxy/tcp-proxy.mjs").Conditions>, ms: number }} disturbance
 */
async function disturb(field, random, { how, conditions, ms: about }) {
  const { name, proxy } = connected(field, random);
  const ms = Math.round(about);
  const struck = someOf(proxy.tcp.connections, random);
  const isAll = random.chance(0.5) || struck.length === 0;
  if (isAll) proxy.tcp.set(conditions);
  else for (const connection of struck) connection.set(conditions);
  const whom = isAll ? "all connections" : `${struck.length} connections`;
  return {
    what: `${how} ${ms} ms, ${whom} of ${name}`,
    target: name,
    until: Date.now() + ms,
    heal: async () => proxy.tcp.heal(),
  };
}

/**
 * @param {import("../field.mjs").Field} field
 * @param {import("../random.mjs").Random} random
 * @param {(connection: import("../proxy/proxied-connection.mjs").ProxiedConnection) => void} end
 * @param {string} how
 */
async function strikeSome(field, random, end, how) {
  const { name, proxy } = connected(field, random);
  const all = proxy.tcp.connections;
  if (all.length === 0) return undefined;
  const struck = random.chance(0.3) ? all : someOf(all, random);
  for (const connection of struck) end(connection);
  return {
    what: `${how} ${struck.length} of ${all.length} connections of ${name}`,
    target: name,
    heal: async () => undefined,
  };
}

/**
 * Each with the same chance, and at least one of them if there is any.
 * @template T
 * @param {readonly T[]} all
 * @param {import("../random.mjs").Random} random
 */
function someOf(all, random) {
  const some = all.filter(() => random.chance(0.4));
  return some.length > 0 || all.length === 0 ? some : [random.pick(all)];
}
