// @ts-check
import { setTimeout as delay } from "node:timers/promises";

/**
 * Where a partition's stream has its replicas, as the cluster says now.
 * @param {import("../field.mjs").Field} field
 * @param {number} [partition]
 * @returns {Promise<{ leader: string, followers: string[], areCurrent: boolean } | undefined>} nothing without a leader
 */
export async function placedReplicas({ connection, namespace }, partition = 0) {
  const subject = `$JS.API.STREAM.INFO.MR_${namespace}_${partition}`;
  const answer = await connection.request(subject, "", { timeout: 1_000 }).catch(() => undefined);
  /** @type {{ cluster?: { leader?: string, replicas?: { name: string, current: boolean, offline?: boolean }[] } }} */
  const info = answer?.json() ?? {};
  const { leader, replicas = [] } = info.cluster ?? {};
  if (leader === undefined) return undefined;
  return {
    leader,
    followers: replicas.map(({ name }) => name),
    areCurrent: replicas.every(({ current, offline }) => current && offline !== true),
  };
}

/**
 * Waits until all replicas of the partition's stream stand where their leader does, and not for longer than that.
 * @param {import("../field.mjs").Field} field
 * @param {number} ms
 */
export async function caughtUp(field, ms) {
  const deadline = Date.now() + ms;
  while (Date.now() < deadline) {
    if ((await placedReplicas(field))?.areCurrent === true) return;
    await delay(100);
  }
}
