// @ts-check
import { placedReplicas } from "./placed-replicas.mjs";
import { needsCluster, standing } from "./standing.mjs";

/**
 * `kill -9` of the server that leads the partition's stream: another one is elected.
 * @type {import("../field.mjs").Fault}
 */
export const killLeader = {
  name: "kill-leader",
  weight: 1,
  needs: needsCluster,
  strike: (field, random) => killReplica(field, random, "leader"),
};

/**
 * `kill -9` of a server that follows: the stream goes on with two of three.
 * @type {import("../field.mjs").Fault}
 */
export const killFollower = {
  name: "kill-follower",
  weight: 1,
  needs: needsCluster,
  strike: (field, random) => killReplica(field, random, "follower"),
};

/**
 * @param {import("../field.mjs").Field} field
 * @param {import("../random.mjs").Random} random
 * @param {"leader" | "follower"} role
 */
async function killReplica(field, random, role) {
  const placed = await placedReplicas(field);
  if (placed === undefined || standing(field).length === 0) return undefined;
  const name = role === "leader" ? placed.leader : random.pick(placed.followers);
  const server = field.servers.find((one) => one.name === name);
  if (server === undefined) return undefined;
  const ms = Math.round(random.between(0, 3) * field.leaseMs);
  await server.kill();
  return {
    what: `kill -9 ${role} ${name} (${server.pid}) for ${ms} ms`,
    target: name,
    until: Date.now() + ms,
    heal: () => server.start(),
  };
}
