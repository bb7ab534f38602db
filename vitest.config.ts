import { defineConfig } from "vitest/config";

// oxlint-disable-next-line import/no-default-export -- vitest reads its configuration from there.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Tests start processes, send signals and block event loops: each file in a process of its own.
    pool: "forks",
    // Most files wait most of the time: for a lease, a timer, another process.
    maxWorkers: 3,
    // For a machine that is ten times as busy; each wait ends with its fact.
    testTimeout: 180_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    typecheck: {
      enabled: true,
      include: ["test/**/*.test-d.ts"],
      tsconfig: "test/types/tsconfig.json",
    },
  },
});
