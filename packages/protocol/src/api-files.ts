import { z } from "zod";
import { FilePath, LongText } from "./api-inputs.ts";
import { endpoint } from "./endpoint.ts";
import { Preview } from "./preview.ts";

const group = "files";

/** A path in the agent's folder: relative to it, or absolute and inside. */
export const ListAgentFiles = z.strictObject({ path: FilePath.default(".") });
export type ListAgentFiles = z.infer<typeof ListAgentFiles>;

export const AgentFilePath = z.strictObject({ path: FilePath });
export type AgentFilePath = z.infer<typeof AgentFilePath>;

export const FileEntry = z.object({
  name: z.string(),
  /** Relative to the agent's folder. */
  path: z.string(),
  /** A link leads inside the folder or is refused when it is opened. */
  type: z.enum(["file", "folder", "link", "other"]),
  bytes: z.number().int(),
  changedAt: z.string(),
  /** Looks like one that holds keys or passwords: it is not shown. */
  secret: z.boolean(),
});
export type FileEntry = z.infer<typeof FileEntry>;

export const AgentFileList = z.object({
  /** The folder, relative to the agent's; "" for that one itself. */
  path: z.string(),
  /** Folders first, each by name. */
  entries: z.array(FileEntry),
  /** True when there is more than is listed. */
  truncated: z.boolean(),
});
export type AgentFileList = z.infer<typeof AgentFileList>;

/** A file by which a person tells an agent what it is and knows. */
export const ContextFile = z.object({
  path: z.string(),
  text: z.string(),
  /** SHA-256 of the file; null when there is none yet. */
  hash: z.string().nullable(),
});
export type ContextFile = z.infer<typeof ContextFile>;

export const SaveContextFile = z.strictObject({
  path: FilePath,
  text: z.union([LongText, z.literal("")]),
  /** The hash of what the editor was opened with; null for a new file. Another one is a conflict. */
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
});
export type SaveContextFile = z.infer<typeof SaveContextFile>;

export const filesApi = {
  listAgentFiles: endpoint("GET", "/api/agents/:agent/files", {
    summary: "What is in a folder of an agent's folder",
    group,
    query: ListAgentFiles,
    reply: AgentFileList,
    errors: ["not_found", "conflict", "unavailable"],
  }),
  previewAgentFile: endpoint("GET", "/api/agents/:agent/files/preview", {
    summary: "A file of an agent's folder to look at, as data; also the file that a check's evidence names",
    group,
    query: AgentFilePath,
    reply: Preview,
    errors: ["not_found", "conflict", "unavailable"],
  }),
  getAgentFileContent: endpoint("GET", "/api/agents/:agent/files/content", {
    summary: "The bytes of a file of an agent's folder, as a download that no browser runs",
    group,
    query: AgentFilePath,
    reply: "bytes",
    errors: ["not_found", "conflict", "unavailable"],
  }),
  getContextFile: endpoint("GET", "/api/agents/:agent/context-file", {
    summary: "AGENTS.md, CLAUDE.md or a file of memory/ or skills/, whole, to be edited",
    group,
    query: AgentFilePath,
    reply: ContextFile,
    errors: ["not_found", "conflict", "unavailable"],
  }),
  saveContextFile: endpoint("PUT", "/api/agents/:agent/context-file", {
    summary: "Save such a file, unless it was changed since it was opened",
    group,
    body: SaveContextFile,
    reply: ContextFile,
    errors: ["not_found", "conflict", "unavailable"],
  }),
};
