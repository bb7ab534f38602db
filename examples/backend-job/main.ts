/** `npm run example backend-job`: submits a job by HTTP, kills the backend with kill -9, starts it again, and asks by the id. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Runs a file of TypeScript. */
const JITI = fileURLToPath(new URL("lib/jiti-cli.mjs", import.meta.resolve("jiti/package.json")));

const worker = await start("worker.ts", /Worker/);
const first = await start("backend.ts", /http:\S+/);
const accepted = await fetch(`${first.said}/jobs`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ title: "squares", parts: 10 }),
});
const { id, href } = (await accepted.json()) as { id: string; href: string };
console.log(`POST /jobs -> ${accepted.status} ${id}`);
console.log(`GET ${href} ->`, await get(`${first.said}${href}?wait=1s`));

first.process.kill("SIGKILL");
await first.ended;
console.log("The backend is killed, with nothing of the job written down but its id");

const second = await start("backend.ts", /http:\S+/);
console.log(`GET ${href} ->`, await get(`${second.said}${href}`));
console.log(`GET ${href}?wait=30s ->`, await get(`${second.said}${href}?wait=30s`));

for (const { process: child } of [second, worker]) child.kill("SIGTERM");
await Promise.all([second.ended, worker.ended]);

interface Started {
  readonly process: ChildProcess;
  /** What it said to show that it is ready. */
  readonly said: string;
  readonly ended: Promise<unknown>;
}

async function start(file: string, ready: RegExp): Promise<Started> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [JITI, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.once("exit", () => child.kill("SIGKILL"));
  const ended = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line);
    const [said] = ready.exec(line) ?? [];
    if (said !== undefined) return { process: child, said, ended };
  }
  throw new Error(`${file} ended before it was ready.`);
}

async function get(url: string): Promise<unknown> {
  const response = await fetch(url);
  return response.json();
}
