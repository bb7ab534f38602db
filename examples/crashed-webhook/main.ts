/**
 * `npm run example crashed-webhook`: imports five files, of which one kills every worker that touches it, and has a webhook tell of
 * that run alone: signed, tried again when the receiver fails, and once.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { connect, serve } from "millrace";
import { pino } from "pino";
import { Webhook } from "standardwebhooks";
import { importFile, tellOps } from "./flows.ts";

/** Runs a file of TypeScript. */
const JITI = fileURLToPath(new URL("lib/jiti-cli.mjs", import.meta.resolve("jiti/package.json")));

const millrace = await connect();
const log = pino({ level: "warn" });

// Whoever is on call: takes what is signed with the secret, and fails the first time.
let secret = "";
let asked = 0;
let markTold = (): void => undefined;
const told = new Promise<void>((resolve) => {
  markTold = resolve;
});
const onCall = createServer((request, response) => void take(request, response));
await new Promise<void>((resolve) => {
  onCall.listen(0, "127.0.0.1", resolve);
});
const { port } = onCall.address() as AddressInfo;

// The secret is shown this once: it goes to the receiver.
const made = await millrace.webhooks.put("ops", {
  url: `http://127.0.0.1:${port}/millrace`,
  retryDelays: ["1s", "5s", "1m"],
});
secret = made.secret ?? (await millrace.webhooks.rotate("ops")).secret ?? "";

// Acts on what happens. It may deliver to this machine, which no worker may unless it is told.
const acting = await serve([tellOps], {
  connection: millrace,
  log,
  webhooks: { allow: ["127.0.0.1"] },
});

let stopping = false;
let child = startWorker();

const files = ["a.csv", "b.csv", "c.txt", "d.bomb", "e.csv"];
const runs = [];
for (const file of files) {
  runs.push(await millrace.submit(importFile, file, { tags: ["origin:backend", `file:${file}`] }));
}
for await (const result of millrace.results(runs)) {
  if (result.status === "completed") console.log(result.output);
  else console.log(`${result.status}: ${result.error.message}`);
}
await told;

stopping = true;
child.kill("SIGTERM");
await acting.drain();
await millrace.close();
onCall.close();

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  const event = new Webhook(secret).verify(body, request.headers as Record<string, string>);
  asked++;
  response.writeHead(asked === 1 ? 503 : 204).end();
  console.log(asked === 1 ? "On call: not now" : `On call, verified: ${JSON.stringify(event)}`);
  if (asked > 1) markTold();
}

/** As a supervisor does: starts it anew when it dies. */
function startWorker(): ChildProcess {
  const path = fileURLToPath(new URL("worker.ts", import.meta.url));
  const worker = spawn(process.execPath, [JITI, path], { stdio: "inherit" });
  const end = (): void => void worker.kill("SIGKILL");
  process.once("exit", end);
  worker.once("exit", () => {
    process.off("exit", end);
    if (!stopping) child = startWorker();
  });
  return worker;
}
