/**
 * `npm run example plain-nats`: a worker here, and a program beside it that starts runs, signals and cancels with NATS alone.
 * `submit.py` is the same program in Python.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { connect, serve } from "millrace";
import { pino } from "pino";
import { invoice } from "./flows.ts";

const millrace = await connect();
const worker = await serve([invoice], { connection: millrace, log: pino({ level: "warn" }) });

const program = join(import.meta.dirname, "submit.mjs");
const child = spawn(process.execPath, [program], { stdio: "inherit" });
const [code] = await once(child, "exit");

await worker.drain();
await millrace.close();
process.exitCode = Number(code);
