// What `npm run example <name>` runs: examples/<name>/main.ts, on the broker of NATS_URL, or on the one of this folder, which
// is started if need be and ends with the example.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openEmbeddedBroker } from "../dist/embedded/open-embedded-broker.js";

/** Runs a file of TypeScript. */
const JITI = fileURLToPath(new URL("lib/jiti-cli.mjs", import.meta.resolve("jiti/package.json")));

const NAMES = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const [, , name = "", ...args] = process.argv;
if (!NAMES.includes(name)) {
  console.error(`Give one of: ${NAMES.join(", ")}. For example: npm run example ${NAMES[0]}`);
  process.exit(2);
}

const broker = process.env.NATS_URL
  ? undefined
  : await openEmbeddedBroker({ dir: join(import.meta.dirname, ".."), onProgress: console.error });
try {
  process.exitCode = await run();
} finally {
  await broker?.stop();
}

async function run() {
  const child = spawn(
    process.execPath,
    [JITI, join(import.meta.dirname, name, "main.ts"), ...args],
    { stdio: "inherit", env: { ...process.env, NATS_URL: process.env.NATS_URL ?? broker.url } },
  );
  // A terminal's Ctrl-C reaches the example too; what another process sends does not.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  const [code, signal] = await once(child, "exit");
  return code ?? (signal === "SIGINT" ? 130 : 1);
}
