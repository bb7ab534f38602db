// @ts-check
import { randomBytes } from "node:crypto";

/**
 * Bytes that nobody understands on subjects of the log: they are set aside as dead letters, and runs go on.
 * @type {import("../field.mjs").Fault}
 */
export const sendGarbage = {
  name: "send-garbage",
  weight: 0.5,
  strike: async (field, random) => {
    const { connection, namespace } = field;
    const count = 1 + random.below(5);
    let sent = 0;
    for (let at = 0; at < count; at++) {
      const kind = random.pick(KINDS);
      const subject = `mr.${namespace}.0.${kind}.${GARBAGE}${randomBytes(6).toString("hex")}`;
      const bytes = randomBytes(1 + random.below(200));
      const ack = await connection
        .request(subject, bytes, { timeout: 2_000 })
        .catch(() => undefined);
      if (ack !== undefined) sent++;
    }
    return {
      what: `garbage on ${sent} subjects of the log`,
      heal: async () => undefined,
    };
  },
};

/** What the keys begin with that nobody submitted: by it the checks know a dead letter that has to be there. */
export const GARBAGE = "garbage-";

/** Where it is sent: submissions and inputs of a flow that is served, and the history of a run that is none. */
const KINDS = /** @type {const} */ (["new.mixed.mixed", "in.mixed.mixed", "h.mixed"]);
