/** Imports files, and dies of some. */
import { connect, serve } from "millrace";
import { pino } from "pino";
import { importFile } from "./flows.ts";

const connection = await connect();
const log = pino({ level: "warn" });
// One run at a time, and nothing beside: what dies with it is only what it is about. Another process acts on events.
const options = { concurrency: 1, automation: false, lease: "1s" } as const;
await serve([importFile], { connection, log, ...options });
console.log(`Worker ${process.pid}`);
