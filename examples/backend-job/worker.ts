/** Does the work of the jobs. Start as many as you like, on any machine. */
import { connect, serve } from "millrace";
import { pino } from "pino";
import { report } from "./flows.ts";

const millrace = await connect();
const worker = await serve([report], { connection: millrace, log: pino({ level: "warn" }) });
console.log(`Worker ${worker.id}`);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void stop());
}

/** Hands over what it holds: other workers go on with it at once, and nothing is repeated. */
async function stop(): Promise<void> {
  await worker.drain();
  await millrace.close();
}
