import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { ROOT, setUp } from "./setup.mjs";

try {
  await setUp({ log: (line) => console.error(line) });
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
const child = spawn(process.execPath, [vitest, "run", ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: "inherit",
});
// A terminal's Ctrl-C reaches both; this process stays until vitest has cleaned up.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal];
});
