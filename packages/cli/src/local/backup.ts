import { resolve } from "node:path";
import { answer, argument } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { count } from "../present/text.ts";
import { findWorkspace } from "../workspace.ts";

export async function backup(call: Call): Promise<void> {
  const { terminal } = call;
  const { backupWorkspace, loadConfig } = await import("@bureau/server");
  const config = await loadConfig({ workspace: findWorkspace(call) }, terminal.environment);
  const report = await backupWorkspace(config, resolve(terminal.folder, argument(call, 0)), (line) =>
    terminal.err(`${line}\n`),
  );
  answer(
    call,
    report,
    () =>
      `Backed up ${count(report.files, "file")} and ${count(report.rows, "row")} to ${report.path} (${count(report.bytes, "byte")}).\n`,
  );
}

export async function restore(call: Call): Promise<void> {
  const { terminal } = call;
  const { restoreWorkspace } = await import("@bureau/server");
  const from = resolve(terminal.folder, argument(call, 0));
  const folder = resolve(terminal.folder, argument(call, 1));
  const report = await restoreWorkspace({
    from,
    folder,
    environment: terminal.environment,
    log: (line) => terminal.err(`${line}\n`),
  });
  const { vaultKeyAt } = report;
  const bring =
    vaultKeyAt === null
      ? ""
      : `The vault is there and its key is not: copy the old one to ${vaultKeyAt} and give it mode 600.\n`;
  answer(
    call,
    report,
    () =>
      `Restored ${count(report.files, "file")} and ${count(report.rows, "row")} to ${folder}.\n${bring}Next: bureau up --workspace ${folder}\nWork that was not over goes on then.\n`,
  );
}
