import { defineConfig } from "vitest/config";

const TEST_TIMEOUT_MS = 30_000;
const WORKERS = 2;

/** Percent, by folder. They say what is true today: raise one when it is passed by a margin, never lower it. */
const COVERAGE_FLOORS = {
  "packages/protocol/src/**": { lines: 80 },
  "packages/engine/src/**": { lines: 80 },
  "packages/engine/src/domain/**": { lines: 90, branches: 90 },
};

export default defineConfig({
  test: {
    include: [
      "packages/*/src/**/*.test.ts",
      "packages/*/test/**/*.test.ts",
      "scripts/**/*.test.ts",
      "bench/**/*.test.ts",
      "trials/**/*.test.ts",
      "examples/**/*.test.ts",
      "e2e/**/*.test.ts",
    ],
    exclude: ["**/node_modules/**", "**/fixtures/**"],
    // One database server for the whole run; each test file gets its own database in it.
    globalSetup: ["packages/engine/src/testing/test-global-setup.ts"],
    setupFiles: ["scripts/testing/fail-on-noise.ts"],
    pool: "forks",
    maxWorkers: WORKERS,
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: TEST_TIMEOUT_MS,
    allowOnly: false,
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts"],
      exclude: [
        "**/*.test.ts",
        "**/*.testsuite.ts",
        "**/testing/**",
        "**/fixtures/**",
        "**/*-main.ts",
        "**/test-context.ts",
      ],
      reporter: ["text-summary", "json-summary"],
      reportOnFailure: true,
      thresholds: COVERAGE_FLOORS,
    },
  },
});
