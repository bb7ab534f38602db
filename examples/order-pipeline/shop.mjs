// The shop: has NATS and nothing of Millrace. Publishes its orders, and hears what becomes of them. `node shop.mjs [orders]`
import { connect } from "@nats-io/transport-node";

const orders = Number(process.argv[2] ?? 20);
const nats = await connect({ servers: process.env.NATS_URL ?? "nats://127.0.0.1:4222" });
const mark = Date.now().toString(36);

const open = new Set();
const told = nats.subscribe("shop.*");
await nats.flush();

for (let n = 1; n <= orders; n++) {
  const id = `${mark}-${n}`;
  // Whoever wants kettles wants too many of them.
  const item = n % 5 === 0 ? "kettle" : "tea";
  const body = JSON.stringify({ id, item, count: item === "kettle" ? 3 : n });
  // Not sure that the first one came through, it sends each order twice. The answer says that it is stored.
  for (let times = 0; times < 2; times++) {
    const { error } = (await nats.request(`orders.${id}.created`, body, { timeout: 5_000 })).json();
    if (error) throw new Error(error.description);
  }
  open.add(id);
}
console.log(`${orders} orders published, each of them twice`);

let alarms = Math.floor(orders / 5 / 3);
let parcels = 0;
for await (const message of told) {
  const { id, item, parcel } = message.json();
  if (message.subject === "shop.alarms") {
    console.log(`buy more of ${item}`);
    alarms--;
  } else if (!open.delete(id)) {
    console.log(`told twice: ${id}`);
  } else if (parcel) {
    parcels++;
  }
  if (open.size === 0 && alarms <= 0) break;
}
console.log(`${parcels} parcels, ${orders - parcels} refused`);
await nats.drain();
