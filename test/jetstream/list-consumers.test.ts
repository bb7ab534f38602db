/** A list of consumers is whole, or none at all. */
import type { NatsConnection } from "@nats-io/nats-core";
import { expect, test } from "vitest";
import { listConsumers } from "../../src/jetstream/list-consumers.ts";

/** A cluster that answers with these pages, whatever it is asked. */
function answering(...pages: readonly object[]): NatsConnection {
  const left = [...pages];
  const request = async () => {
    const page = left.shift() ?? { total: 0, consumers: [] };
    return { json: () => page };
  };
  return { request } as unknown as NatsConnection;
}

const consumer = (name: string): object => ({ name, num_pending: 0, num_ack_pending: 0 });

test("a cluster that cannot tell of a consumer now is asked again: its queue does not pass for empty, nor another for twice as full", async () => {
  const consumers = [consumer("in-mixed")];
  const part = answering(
    { total: 2, consumers, missing: ["new-mixed"] },
    { total: 2, consumers, missing: null },
  );
  await expect(listConsumers(part, "MR_x_0")).rejects.toThrow(
    "The broker did not tell of consumer new-mixed of stream MR_x_0, which may have no leader at this moment. Ask again.",
  );
});

test("pages are put together until all consumers are there", async () => {
  const pages = answering(
    { total: 3, consumers: [consumer("in-mixed"), consumer("events")], missing: null },
    { total: 3, consumers: [consumer("new-mixed")] },
  );
  const listed = await listConsumers(pages, "MR_x_0");
  expect(listed.map(({ kind, place }) => `${kind} ${place}`)).toEqual(["in mixed", "new mixed"]);
});
