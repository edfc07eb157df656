import { parseArgs } from "node:util";
import { KINDS, runTrial, type TrialReport } from "./trial.ts";

// Kills Bureau's processes again and again while it works on goals, and checks that nothing was lost or repeated:
// `npm run trial:kill9 -- --n 200 --seed 1`.

const RECOVERY_LIMIT_MS = 3_000;

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, n: { type: "string", default: "200" } },
});
const log = (line: string) => void process.stdout.write(`${line}\n`);
log(`Killing ${values.n} times with seed ${values.seed}.`);
const report = await runTrial({ seed: Number(values.seed), points: Number(values.n), waitForBroker: true, log });
process.exitCode = print(report);

function print({ kills, goals, interrupted, findings }: TrialReport): number {
  log("\nkilled      times  to the next write: median     p95     max");
  for (const kind of [...KINDS, "all"] as const) {
    const own = kills.filter((one) => kind === "all" || one.kind === kind);
    const times = own.flatMap(({ recoveryMs }) => recoveryMs ?? []).toSorted((one, other) => one - other);
    const at = (share: number) => `${times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? "-"} ms`;
    log(
      `${kind.padEnd(11)} ${String(own.length).padStart(5)}  ${at(0.5).padStart(25)} ${at(0.95).padStart(7)} ${at(1).padStart(7)}`,
    );
  }
  log(`\n${goals} goals of 30 answers; ${interrupted} calls of unknown outcome, each shown as interrupted.`);
  const slow = kills.filter(({ recoveryMs }) => (recoveryMs ?? 0) > RECOVERY_LIMIT_MS).length;
  const all = [
    ...findings,
    {
      name: `back at work within ${RECOVERY_LIMIT_MS} ms`,
      problems: slow === 0 ? [] : [`${slow} times it took longer.`],
    },
  ];
  for (const { name, problems } of all) for (const problem of problems) log(`FAILED ${name}: ${problem}`);
  const failed = all.filter(({ problems }) => problems.length > 0).length;
  log(`\n${all.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
