import { relative } from "node:path";

export interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

/** What is read of the test runner's JSON report. */
interface Report {
  testResults: {
    name: string;
    status: string;
    assertionResults: { status: string }[];
  }[];
}

/** Counts tests. A file that could not be loaded, and a report that is not there, count as one failure each. */
export function countTests(reportText: string | null, root: string): Count {
  const count: Count = { passed: 0, failed: 0, skipped: 0 };
  if (reportText === null) return { ...count, failed: 1 };
  const report = JSON.parse(reportText) as Report;
  for (const file of report.testResults) {
    const before = count.failed;
    for (const { status } of file.assertionResults) {
      if (status === "passed") count.passed += 1;
      else if (status === "failed") count.failed += 1;
      else count.skipped += 1;
    }
    if (file.status === "failed" && count.failed === before) {
      count.failed += 1;
      process.stdout.write(`Failed outside of its tests: ${relative(root, file.name)}\n`);
    }
  }
  return count;
}

/** The last word on a run, alone on its line. What failed besides tests is counted too. */
export function summaryLine(count: Count, otherFailures: number): string {
  const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : "";
  return `${count.passed} passed, ${count.failed + otherFailures} failed${skipped}`;
}
