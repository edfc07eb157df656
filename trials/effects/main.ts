import { parseArgs } from "node:util";
import { runTrial } from "./trial.ts";

// Kills Bureau around its writes outside, against a provider that keeps what arrives:
// `npm run trial:effects -- --n 200 --seed 1`.

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, n: { type: "string", default: "200" } },
});
const log = (line: string) => void process.stdout.write(`${line}\n`);
const report = await runTrial({ seed: Number(values.seed), points: Number(values.n), log });
log(
  `\n${report.kills} kills over ${report.runs} runs: ${report.mails} mails arrived, ${report.unknown} left to a person.`,
);
for (const problem of report.problems) log(`FAILED ${problem}`);
log(`\n${report.problems.length === 0 ? 1 : 0} passed, ${report.problems.length} failed`);
process.exitCode = report.problems.length === 0 ? 0 : 1;
