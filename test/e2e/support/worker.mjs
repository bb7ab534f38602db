// A worker as a user would write one, with crash points: serves the definitions of `flows/<settings.flows>.mjs`.
import { pino } from "pino";
import { Millrace, serve } from "../../../dist/index.js";
import { connectBroker } from "../../../dist/jetstream/connect-broker.js";
import { withCrashPoints } from "./crash-points.mjs";
import { endWithParent, report, settings } from "./settings.mjs";

endWithParent();
const { servers, namespace, flows, serve: options } = settings;
const { definitions } = await import(`./flows/${flows}.mjs`);
const millrace = new Millrace(withCrashPoints(await connectBroker({ servers, namespace })));
const log = pino({ level: "info" }, pino.destination(2));
const worker = await serve(definitions, { connection: millrace, log, ...options });
process.on("SIGTERM", () => void stop());
report({ ready: worker.id });

async function stop() {
  await worker.drain();
  await millrace.close();
  report({ drained: true });
}
