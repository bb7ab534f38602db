// @ts-check

/**
 * The servers that may be struck: those that run, and in a cluster none while another one is down or stands still, for
 * that is what the faults that strike two of three are for.
 * @param {import("../field.mjs").Field} field
 */
export function standing({ servers }) {
  return servers.every(({ isUp, isPaused }) => isUp && !isPaused) ? servers : [];
}

/** What `needs` says of a fault that strikes more than one server. @param {import("../field.mjs").Field} field */
export function needsCluster({ topology }) {
  return topology === "cluster" ? undefined : "it needs a cluster";
}
