/**
 * `npm run example order-pipeline [orders]`: a shop publishes orders on plain NATS; each goes through two flows that know nothing of
 * each other, joined by triggers on the events that they emit. Kill it and start it again: nothing is lost, nothing done twice.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { connect, serve } from "millrace";
import { pino } from "pino";
import { pipeline } from "./flows.ts";

const millrace = await connect();
const worker = await serve(pipeline, { connection: millrace, log: pino({ level: "warn" }) });

const shop = [join(import.meta.dirname, "shop.mjs"), ...process.argv.slice(2)];
const child = spawn(process.execPath, shop, { stdio: "inherit" });
const [code] = await once(child, "exit");

await worker.drain();
await millrace.close();
process.exitCode = Number(code);
