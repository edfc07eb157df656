import { existsSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "@bureau/protocol";
import { answer } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect } from "../connect.ts";
import { findServer, findWorkspace, OWN_FOLDER } from "../workspace.ts";

interface All {
  all?: boolean;
}

/** Stops everything. Without a server nothing is at work; the next one comes up stopped. */
export async function stopAll(call: Call<All>): Promise<void> {
  requireAll(call, "stop", "`bureau goal stop NAME` ends one goal for good, `bureau run cancel RUN` one run.");
  const folder = await ownFolderOfStopped(call);
  if (folder === null) {
    const { client } = await connect(call);
    const reply = await client.stopAll();
    return answer(call, reply, () => `${reply.sentence}\n`);
  }
  const { writeHaltFile } = await import("@bureau/server/halt-file");
  const halted = { at: new Date(call.terminal.now()).toISOString(), by: "owner" };
  await writeHaltFile(folder, halted);
  const sentence = "Bureau is not up, so nothing is at work. It will come up stopped.";
  answer(call, { halted, runs: 0, ending: 0, sentence }, () => `${sentence}\n`);
}

/** Lets what was stopped go on. */
export async function resumeAll(call: Call<All>): Promise<void> {
  requireAll(call, "resume", "`bureau goal resume NAME` takes up one goal.");
  const folder = await ownFolderOfStopped(call);
  if (folder !== null) {
    const { removeHaltFile } = await import("@bureau/server/halt-file");
    if (await removeHaltFile(folder)) {
      const sentence = "Bureau is not up. The stop that waited for it is lifted.";
      return answer(call, { runs: 0, sentence }, () => `${sentence}\n`);
    }
  }
  const { client } = await connect(call);
  const reply = await client.resumeAll();
  answer(call, reply, () => `${reply.sentence}\n`);
}

function requireAll(call: Call<All>, verb: string, hint: string): void {
  if (call.options.all === true) return;
  throw new AppError("invalid", `\`bureau ${verb}\` needs --all: it is about everything.`, { hint });
}

/** Bureau's own folder in a workspace for which no server is up; null when one is, or there is no workspace. */
async function ownFolderOfStopped(call: Call<All>): Promise<string | null> {
  const workspace = findWorkspace(call);
  const folder = join(workspace, OWN_FOLDER);
  return existsSync(folder) && (await findServer(workspace)) === null ? folder : null;
}
