import { describe, expect, test } from "vitest";
import { countTests, summaryLine } from "./test-summary.ts";

function report(...files: [status: string, ...tests: string[]][]): string {
  return JSON.stringify({
    testResults: files.map(([status, ...tests], index) => ({
      name: `/repository/file-${index}.test.ts`,
      status,
      assertionResults: tests.map((one) => ({ status: one })),
    })),
  });
}

describe("the summary of a test run", () => {
  test("counts tests over all files", () => {
    const text = report(["passed", "passed", "pending"], ["failed", "passed", "failed"]);
    expect(summaryLine(countTests(text, "/repository"), 0)).toBe("2 passed, 1 failed, 1 skipped");
  });

  test("leaves out what was not skipped", () => {
    expect(summaryLine(countTests(report(["passed", "passed"]), "/"), 0)).toBe("1 passed, 0 failed");
  });

  test("counts a file that could not be loaded as a failure", () => {
    expect(countTests(report(["failed"]), "/").failed).toBe(1);
  });

  test("counts a run that left no report as a failure", () => {
    expect(summaryLine(countTests(null, "/"), 0)).toBe("0 passed, 1 failed");
  });

  test("counts a failed check as a failure", () => {
    expect(summaryLine({ passed: 3, failed: 0, skipped: 0 }, 2)).toBe("3 passed, 2 failed");
  });
});
