/** What `serve` refuses, and what it leaves behind when it does. */
import { pino } from "pino";
import { expect, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import { task } from "../../src/definition/task.ts";
import { BrokerError } from "../../src/engine/usage-errors.ts";
import type { Broker } from "../../src/ports/broker.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { type ServeOptions, serve } from "../../src/worker/serve.ts";

const noop = task("noop", () => 1);
const log = pino({ level: "silent" });

/** A broker that counts what is opened on it and not closed again. */
function watched(): { broker: Broker; open: () => number; refuseLeases: () => void } {
  const broker: Broker = new MemoryBroker().connect();
  let opened = 0;
  let refuses = false;
  const { queues, peers } = broker;
  return {
    broker: {
      ...broker,
      log: broker.log,
      hints: broker.hints,
      closed: broker.closed,
      close: () => broker.close(),
      queues: {
        report: () => queues.report(),
        progress: () => queues.progress(),
        placeOf: (submission) => queues.placeOf(submission),
        open: async (options) => {
          const reader = await queues.open(options);
          opened++;
          return {
            leaseMs: reader.leaseMs,
            more: () => reader.more(),
            addSibling: (place, queue) => reader.addSibling(place, queue),
            stop: () => {
              opened--;
              return reader.stop();
            },
          };
        },
      },
      peers: {
        asks: (worker, held) => peers.asks(worker, held),
        openLeases: async (...options) => {
          if (refuses) throw new BrokerError("No thread today.");
          opened++;
          return peers.openLeases(...options);
        },
      },
    },
    open: () => opened,
    refuseLeases: () => {
      refuses = true;
    },
  };
}

const refused: readonly Partial<ServeOptions>[] = [
  { concurrency: 0 },
  { maxHeld: 1.5 },
  { lease: 0 },
  { lease: "5ms" },
  { drainGrace: "soon" as "1s" },
  { maxBlocked: -1 },
];

test.for(refused)("%o is refused before anything is opened", async (options) => {
  const { broker, open } = watched();
  const serving = serve([noop], { connection: new Millrace(broker), log, ...options });
  await expect(serving).rejects.toMatchObject({ code: /^INVALID_/ });
  expect(open()).toBe(0);
});

test("a worker whose lease thread does not start reads no queue", async () => {
  const { broker, open, refuseLeases } = watched();
  refuseLeases();
  await expect(serve([noop], { connection: new Millrace(broker), log })).rejects.toThrow(
    "No thread",
  );
  expect(open()).toBe(0);
});

test("whoever follows the events of a run that is not there hears that it is not", async () => {
  const millrace = new Millrace(new MemoryBroker().connect());
  const events = millrace.attach("no:run").events({ follow: true });
  await expect(events.next()).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
});
