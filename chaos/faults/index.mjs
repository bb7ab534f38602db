// @ts-check
import { killClient } from "./kill-client.mjs";
import { killWorker } from "./kill-worker.mjs";
import { pauseClient } from "./pause-client.mjs";
import { pauseWorker } from "./pause-worker.mjs";

/**
 * All kinds of faults that there are.
 * @type {readonly import("../field.mjs").Fault[]}
 */
export const FAULTS = [killWorker, pauseWorker, killClient, pauseClient];
