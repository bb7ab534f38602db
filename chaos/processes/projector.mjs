// @ts-check
// Keeps a view of the namespace up to date, as a server does, all through the chaos.
import { pino } from "pino";
import { connectBroker } from "../../dist/jetstream/connect-broker.js";
import { systemClock } from "../../dist/ports/clock.js";
import { startProjector } from "../../dist/projections/projector.js";
import { openRunStore } from "../../dist/projections/sql/open-run-store.js";
import { report, settings } from "./settings.mjs";

const { feed } = await connectBroker({
  servers: [...settings.servers],
  namespace: settings.namespace,
});
const store = await openRunStore(settings.database);
const log = pino({ level: "warn" }, pino.destination(2));
const projector = startProjector({ feed, store, clock: systemClock, log });
setInterval(() => report({ status: projector.status }), 250);
report({ ready: true });
