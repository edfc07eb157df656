import type { Command } from "commander";
import { addLeaf, onCall, type Session } from "../command-line.ts";

const GROUP = "Care:";

export function addCareCommands(program: Command, session: Session): void {
  addLeaf(program, "doctor", "what is missing, and the command that mends it", {
    group: GROUP,
    example: "bureau doctor",
  }).action(onCall(session, async () => (await import("../local/doctor.ts")).doctor));
  addLeaf(program, "path", "where everything is", { group: GROUP, example: "bureau path --json" }).action(
    onCall(session, async () => (await import("../local/path.ts")).path),
  );
  addLeaf(program, "backup <file>", "a consistent copy of files and history; no tokens and no keys", {
    group: GROUP,
    example: "bureau backup acme-2026-05-01.tar",
  }).action(onCall(session, async () => (await import("../local/backup.ts")).backup));
  addLeaf(program, "restore <file> <dir>", "make a workspace from a backup, in an empty folder", {
    group: GROUP,
    example: "bureau restore acme-2026-05-01.tar acme",
  }).action(onCall(session, async () => (await import("../local/backup.ts")).restore));
  addLeaf(program, "prune", "remove the working notes of runs that ended long ago", {
    group: GROUP,
    example: "bureau prune --days 90",
  })
    .option("--days <n>", "keep what ended within so many days", "30")
    .action(onCall(session, async () => (await import("../local/prune.ts")).prune));
}
