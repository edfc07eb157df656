import { relative, resolve } from "node:path";
import { answer } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { count } from "../present/text.ts";

export async function init(call: Call<{ template?: string }>): Promise<void> {
  const { initWorkspace } = await import("@bureau/server");
  const { terminal, options } = call;
  const folder = resolve(terminal.folder, (call.args[0] as string | undefined) ?? options.workspace ?? ".");
  const report = await initWorkspace(folder, options.template as Parameters<typeof initWorkspace>[1]);
  answer(call, report, () => {
    const made =
      report.created.length === 0 ? "Everything was there already" : `Wrote ${count(report.created.length, "file")}`;
    const kept =
      report.kept.length === 0
        ? ""
        : `; ${count(report.kept.length, "file")} that existed ${report.kept.length === 1 ? "stays" : "stay"} as before`;
    const place = relative(terminal.folder, folder);
    const next = place === "" ? "bureau up" : `cd ${/\s/.test(place) ? JSON.stringify(place) : place} && bureau up`;
    return `${made} in ${folder}${kept}.\nNext: ${next}\n`;
  });
}
