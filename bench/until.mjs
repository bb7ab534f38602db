import { setTimeout as pause } from "node:timers/promises";

/** Resolves when the worker holds so many runs, and all of them wait. */
export async function untilHeld({ worker }, count) {
  await until(async () => {
    const { held, executing } = await worker.stats();
    return held === count && executing === 0;
  });
}

/** Resolves when all runs of a flow that were submitted are suspended or closed: no token is left. */
export async function untilSuspended({ raw }, flow) {
  await until(async () => {
    const { num_pending, num_ack_pending } = await ask(raw, `CONSUMER.INFO.${STREAM}.new-${flow}`);
    return num_pending + num_ack_pending === 0;
  });
}

/** Bytes that everything in the stream takes. */
export async function storedBytes({ raw }) {
  const { state } = await ask(raw, `STREAM.INFO.${STREAM}`);
  return state.bytes;
}

const STREAM = "MR_default_0";

/** Asks until it is so. */
export async function until(isSo) {
  const deadline = performance.now() + GIVE_UP_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`Not so after ${GIVE_UP_MS / 1_000} s.`);
    await pause(LOOK_AGAIN_MS);
  }
}

const LOOK_AGAIN_MS = 20;
const GIVE_UP_MS = 300_000;

async function ask(raw, what) {
  const reply = (await raw.request(`$JS.API.${what}`, "", { timeout: 10_000 })).json();
  if (reply.error !== undefined) throw new Error(`${what}: ${reply.error.description}`);
  return reply;
}
