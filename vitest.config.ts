import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";

/** Files in these folders keep to what they open themselves: they share processes, each of which loads the sources once. */
const TOGETHER = [
  "archive",
  "automation",
  "bundle",
  "client",
  "contract",
  "debug",
  "definition",
  "engine",
  "expressions",
  "fork",
  "history",
  "payloads",
  "projections",
  "server",
  "wire",
].map((folder) => `test/${folder}/**/*.test.ts`);

// oxlint-disable-next-line import/no-default-export -- vitest reads its configuration from there.
export default defineConfig({
  test: {
    pool: "forks",
    // Most files wait most of the time, for a lease, a timer, another process: more than one for each of two cores.
    maxWorkers: Math.min(Math.max(availableParallelism(), 3), 6),
    // For a machine that is ten times as busy; each wait ends with its fact.
    testTimeout: 180_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "apart",
          include: ["test/**/*.test.ts"],
          // Tests start processes, send signals and block event loops: each file in a process of its own.
          exclude: [...configDefaults.exclude, ...TOGETHER],
          typecheck: {
            enabled: true,
            include: ["test/**/*.test-d.ts"],
            tsconfig: "test/types/tsconfig.json",
          },
        },
      },
      { extends: true, test: { name: "together", include: TOGETHER, isolate: false } },
    ],
  },
});
