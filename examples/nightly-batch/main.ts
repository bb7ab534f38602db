/**
 * `npm run example nightly-batch [customers]`: submits a statement for each customer in the daytime, to be made tonight (here: in
 * five seconds), four at a time across all workers. Start it again while it runs, or after it was killed: what is submitted is not submitted twice.
 */
import { connect, type SubmitItem, serve } from "millrace";
import { pino } from "pino";
import { type Account, statement } from "./flows.ts";

const customers = Number(process.argv[2] ?? 100);
const night = new Date().toISOString().slice(0, 10);

const millrace = await connect();
// Kept by the broker, and heeded by every worker of the queue, however many there are.
await millrace.queue("statement").set({ concurrency: 4 });
const worker = await serve([statement], { connection: millrace, log: pino({ level: "warn" }) });

const tonight = new Date(Date.now() + 5_000);
const ids: string[] = [];
for await (const outcome of millrace.submitMany(statement, accounts())) {
  if (outcome.status === "accepted") ids.push(outcome.handle.id);
  else console.log(`not submitted: ${outcome.error.message}`);
}
console.log(`${ids.length} statements wait for ${tonight.toLocaleTimeString()}`);

let made = 0;
for await (const result of millrace.results(ids)) {
  if (result.status === "completed") made++;
  else console.log(`${result.id}: ${result.error.message}`);
  if (made > 0 && made % 25 === 0 && result.status === "completed") console.log(`${made} made`);
}
console.log(`${made} of ${ids.length} made`);

await worker.drain();
await millrace.close();

/** One item after the other, as a query of a database would give them: a million take no more memory than a hundred. */
function* accounts(): Generator<SubmitItem<Account>> {
  for (let n = 1; n <= customers; n++) {
    const customer = `customer-${n}`;
    const options = { key: `${night}-${customer}`, at: tonight, tags: [`night:${night}`] };
    yield { input: { customer, night }, options };
  }
}
