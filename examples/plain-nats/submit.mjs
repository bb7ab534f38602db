// Starts runs and speaks to them from a program that has NATS and nothing of Millrace: `node submit.mjs`, with NATS_URL.
import { connect, headers } from "@nats-io/transport-node";

const nats = await connect({ servers: process.env.NATS_URL ?? "nats://127.0.0.1:4222" });
const today = new Date().toISOString().slice(0, 10);

// What happens to runs is told on subjects too: millrace.<namespace>.events.run.<status>.<flow>
const events = nats.subscribe("millrace.default.events.run.*.invoice");
await nats.flush();

// One publish starts a run. With a reply subject the broker says where it stored the message; its sequence names the run.
const stored = await publish(
  "millrace.default.submit.invoice",
  JSON.stringify({ customer: "ada", cents: 900 }),
);
const first = `ingress-${stored.seq}`;
console.log(`submitted invoice:${first}`);

// With a key of one's own, sending it twice is as good as once.
const key = `bob-${today}-${process.pid}`;
const keyed = headers();
keyed.set("Millrace-Key", key);
keyed.set("Millrace-Tags", "origin:plain");
for (let times = 0; times < 2; times++) {
  const body = JSON.stringify({ customer: "bob", cents: 500 });
  await publish("millrace.default.submit.invoice", body, keyed);
}
console.log(`submitted invoice:${key}`);

await publish(`millrace.default.signal.invoice.${first}.payment`, '{"cents": 400}');
await publish(`millrace.default.signal.invoice.${first}.payment`, '{"cents": 500}');
await publish(`millrace.default.cancel.invoice.${key}`, "sent in error");

const open = new Set([first, key]);
for await (const message of events) {
  const { data, id } = message.json();
  if (!open.has(data.key) || !["completed", "cancelled"].includes(data.status)) continue;
  open.delete(data.key);
  console.log(`${data.run} ${data.status}${data.reason ? `: ${data.reason}` : ""} (event ${id})`);
  if (open.size === 0) break;
}
await nats.drain();

async function publish(subject, body, messageHeaders) {
  const options = { timeout: 5_000, ...(messageHeaders ? { headers: messageHeaders } : {}) };
  const answer = (await nats.request(subject, body, options)).json();
  if (answer.error) throw new Error(answer.error.description);
  return answer;
}
