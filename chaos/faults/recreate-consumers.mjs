// @ts-check

/**
 * Deletes a queue's consumer and makes it again as it was, while workers read from it: it hands out the whole log as if for
 * the first time. Sometimes nobody makes it again but the workers themselves.
 * @type {import("../field.mjs").Fault}
 */
export const recreateConsumers = {
  name: "recreate-consumers",
  weight: 0.5,
  strike: async (field, random) => {
    const { connection, namespace } = field;
    const stream = `MR_${namespace}_0`;
    const names = (await ask(connection, `CONSUMER.NAMES.${stream}`)).consumers ?? [];
    const queues = names.filter((name) => /^(?:new|in)-/.test(name));
    if (queues.length === 0) return undefined;
    const name = random.pick(queues.toSorted());
    const { config } = await ask(connection, `CONSUMER.INFO.${stream}.${name}`);
    if (config === undefined) return undefined;
    const left = random.chance(0.5);
    await ask(connection, `CONSUMER.DELETE.${stream}.${name}`);
    if (!left) {
      const body = { stream_name: stream, config, action: "create" };
      await ask(connection, `CONSUMER.CREATE.${stream}.${name}.${config.filter_subject}`, body);
    }
    return {
      what: `consumer ${name} deleted${left ? "" : " and made again"}`,
      heal: async () => undefined,
    };
  },
};

/**
 * @param {import("@nats-io/transport-node").NatsConnection} connection
 * @param {string} call
 * @param {object} [body]
 * @returns {Promise<{ consumers?: string[], config?: { filter_subject: string } }>}
 */
async function ask(connection, call, body) {
  const text = body === undefined ? "" : JSON.stringify(body);
  return (await connection.request(`$JS.API.${call}`, text, { timeout: 2_000 })).json();
}
