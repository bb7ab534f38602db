// Consumes a flow's messages until it has as many as it was told, then closes its connection in the midst of that.
import { connectBroker } from "../../../dist/jetstream/connect-broker.js";
import { BusSubjects } from "../../../dist/wire/bus-subjects.js";
import { report, settings } from "./settings.mjs";

const { servers, namespace, count } = settings;
const broker = await connectBroker({ servers, namespace });
let seen = 0;
const enough = new Promise((resolve) => {
  void broker.bus.consume({
    stream: broker.bus.streams.published,
    consumer: "reader",
    filters: new BusSubjects(namespace).ofFlow("f"),
    onMessage: (delivery) => {
      if (++seen === count) resolve();
      // The last ones are never acked.
      if (seen < count) delivery.ack().catch(() => undefined);
    },
  });
});
await enough;
await broker.close();
report({ seen });
