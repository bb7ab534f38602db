import { join } from "node:path";

/**
 * The script that runs a file of TypeScript: `node <JITI> file.ts`. Its hooks (`--import jiti/register`) would do too,
 * but they look at each module of the built package, which takes a second of computing for each process.
 */
export const JITI = join(
  import.meta.dirname,
  "..",
  "..",
  "node_modules",
  "jiti",
  "lib",
  "jiti-cli.mjs",
);
