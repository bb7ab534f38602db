/** `npm run example checkout-saga`: one order is approved, one refused, one called off by the customer. */
import { connect, type RunHandle, serve } from "millrace";
import { pino } from "pino";
import { approval, type Outcome, order } from "./flows.ts";

const millrace = await connect();
const worker = await serve([order], { connection: millrace, log: pino({ level: "warn" }) });
const today = Date.now().toString(36);

const tea = await place("tea", 900);
await decide(tea, { approved: true, by: "ann" });
console.log(`${tea.id}:`, await tea.result());

const kettle = await place("kettle", 4_900);
await decide(kettle, { approved: false, by: "bob" });
console.log(`${kettle.id}:`, await kettle.result());

const cup = await place("cup", 500);
await untilAsked(cup);
await cup.cancel("the customer called");
await cup.result().catch((error: Error) => console.log(`${cup.id}: ${error.message}`));

await worker.drain();
await millrace.close();

/** The shop's own order number is the key: an order that is sent twice is one run. */
function place(item: string, cents: number): Promise<RunHandle<Outcome>> {
  const id = `${item}-${today}`;
  return millrace.submit(order, { id, item, cents }, { key: id, tags: ["shop:berlin"] });
}

/** What a back office does. It needs the run's id and nothing else; the signal waits if the run is not there yet. */
async function decide(
  { id }: RunHandle,
  decision: { readonly approved: boolean; readonly by: string },
): Promise<void> {
  await millrace.attach(id).signal(approval, decision);
}

async function untilAsked(run: RunHandle): Promise<void> {
  for await (const event of run.events({ follow: true })) {
    if (event.type === "Annotated" && "waiting for" in event.exposed) return;
  }
}
