import { setUp } from "./setup.mjs";

try {
  await setUp({ log: (line) => console.error(line) });
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
await import("../chaos/power-loss/main.mjs");
