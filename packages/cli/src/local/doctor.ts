import type { DoctorFinding } from "@bureau/protocol";
import { answer } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { oneLine, paint, type Tone } from "../present/text.ts";
import { findWorkspace } from "../workspace.ts";

const NOT_WELL = 6;

const SIGNS: Record<DoctorFinding["status"], { sign: string; tone: Tone }> = {
  ok: { sign: "✓ ok", tone: "green" },
  warning: { sign: "! note", tone: "yellow" },
  missing: { sign: "✗ missing", tone: "red" },
};

/** Looks at everything that Bureau needs. 0 when it can work, 6 when something is missing. */
export async function doctor(call: Call): Promise<number> {
  const { terminal } = call;
  const { examineWorkspace } = await import("@bureau/server");
  const workspace = findWorkspace(call);
  const findings = await examineWorkspace({ workspace, environment: terminal.environment, now: () => terminal.now() });
  const isWell = findings.every((finding) => finding.status !== "missing");
  answer(call, { workspace, ok: isWell, findings }, () => {
    const lines = findings.map((finding) => {
      const { sign, tone } = SIGNS[finding.status];
      const hint = finding.hint === null ? "" : `\n      ${oneLine(finding.hint, 500)}`;
      return `  ${paint(terminal, tone, sign.padEnd(9))}  ${finding.name}: ${oneLine(finding.message, 500)}${hint}`;
    });
    const sum = isWell ? "Bureau can work here." : "Something is missing; what mends it stands below each line.";
    return `${workspace}\n${lines.join("\n")}\n${sum}\n`;
  });
  return isWell ? 0 : NOT_WELL;
}
