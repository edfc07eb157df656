import { AppError, MAX_UPLOAD_BYTES } from "@bureau/protocol";
import { formatBytes } from "../../lib/format.ts";
import { client } from "../../lib/session.ts";

/** Where what was shared goes. */
export type ShareTarget =
  | { to: "goal" }
  | { to: "agent"; agent: string }
  | { to: "thread"; thread: string; agent: string | null };

/** The address of what it became. Files are uploaded first: a failure there begins no work. */
export async function sendShared(target: ShareTarget, text: string, files: readonly File[]): Promise<string> {
  if (target.to === "goal") {
    if (files.length === 0) return `/goals/new?text=${encodeURIComponent(text)}`;
    const attachments = await upload(files, null);
    const goal = await client.createGoal({ body: { spec: { brief: text }, attachments } });
    return `/goals/${goal.id}`;
  }
  if (target.to === "agent") {
    const run = await client.startRun({ body: { agent: target.agent, text } });
    return `/threads/${run.threadId}`;
  }
  const attachments = await upload(files, target.agent);
  await client.postMessage({
    params: { threadId: target.thread },
    body: { text, ...(attachments.length > 0 && { attachments }) },
  });
  return `/threads/${target.thread}`;
}

async function upload(files: readonly File[], agent: string | null): Promise<string[]> {
  const tooLarge = files.find(({ size }) => size > MAX_UPLOAD_BYTES);
  if (tooLarge !== undefined) {
    throw new AppError("limit_reached", `${tooLarge.name} has ${formatBytes(tooLarge.size)}.`, {
      hint: `A file may have ${formatBytes(MAX_UPLOAD_BYTES)}. Leave it out, or share a smaller one.`,
    });
  }
  const ids: string[] = [];
  for (const file of files) {
    const { id } = await client.uploadFile({ query: { name: file.name, ...(agent !== null && { agent }) }, file });
    ids.push(id);
  }
  return ids;
}
