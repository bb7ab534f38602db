// @ts-check
import { blockWorker } from "./block-worker.mjs";
import {
  blackHole,
  cutConnections,
  delayConnections,
  longBlackHole,
  refuseConnections,
  resetConnections,
} from "./connections.mjs";
import { fillDisk } from "./fill-disk.mjs";
import { killClient } from "./kill-client.mjs";
import { killMajority } from "./kill-majority.mjs";
import { killFollower, killLeader } from "./kill-replica.mjs";
import { killServer } from "./kill-server.mjs";
import { killWorker } from "./kill-worker.mjs";
import { partitionServer } from "./partition-server.mjs";
import { pauseClient } from "./pause-client.mjs";
import { pauseServer } from "./pause-server.mjs";
import { pauseWorker } from "./pause-worker.mjs";
import { recreateConsumers } from "./recreate-consumers.mjs";
import { rollServers } from "./roll-servers.mjs";
import { rollWorkers } from "./roll-workers.mjs";
import { sendGarbage } from "./send-garbage.mjs";
import { shiftClock } from "./shift-clock.mjs";
import { shuffleDeliveries } from "./shuffle-deliveries.mjs";

/**
 * All kinds of faults that there are.
 * @type {readonly import("../field.mjs").Fault[]}
 */
export const FAULTS = [
  killWorker,
  pauseWorker,
  blockWorker,
  rollWorkers,
  killClient,
  pauseClient,
  shiftClock,
  killServer,
  pauseServer,
  killLeader,
  killFollower,
  killMajority,
  partitionServer,
  rollServers,
  fillDisk,
  cutConnections,
  resetConnections,
  refuseConnections,
  delayConnections,
  blackHole,
  longBlackHole,
  shuffleDeliveries,
  recreateConsumers,
  sendGarbage,
];
