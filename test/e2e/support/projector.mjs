// Keeps the view of a namespace up to date, as a server does, and tells how far it is when it is asked on stdin.
import { createInterface } from "node:readline";
import { pino } from "pino";
import { connectBroker } from "../../../dist/jetstream/connect-broker.js";
import { systemClock } from "../../../dist/ports/clock.js";
import { startProjector } from "../../../dist/projections/projector.js";
import { openRunStore } from "../../../dist/projections/sql/open-run-store.js";
import { endWithParent, report, settings } from "./settings.mjs";

endWithParent();
const { servers, namespace, database } = settings;
const { feed } = await connectBroker({ servers, namespace });
const store = await openRunStore(database);
const log = pino({ level: "info" }, pino.destination(2));
const projector = startProjector({ feed, store, clock: systemClock, log });
createInterface({ input: process.stdin }).on("line", (line) => {
  report({ asked: JSON.parse(line).ask, status: projector.status });
});
report({ ready: true });
