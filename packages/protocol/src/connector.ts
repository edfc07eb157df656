import { z } from "zod";
import { TOOL_EFFECTS } from "./run.ts";

/** `resting`: it answered, and is connected to again when it is needed; `unused`: it was not needed yet. */
export const CONNECTOR_STATUSES = ["connected", "resting", "failed", "unused"] as const;

/** A tool of a connected server, and what Bureau takes it for. */
export const ConnectorTool = z.object({
  /** The name by which agents call it. */
  name: z.string(),
  /** The name that the server gives it. */
  tool: z.string(),
  effect: z.enum(TOOL_EFFECTS),
  /** Why it is taken for that. */
  why: z.string(),
  idempotent: z.boolean(),
  reversible: z.boolean(),
  /** What arguments of a read may carry out of the workspace. */
  carriesOut: z.enum(["always", "never", "addresses", "addresses_and_words"]),
  /** Kept from agents by `mcp.json`. */
  hidden: z.boolean(),
});
export type ConnectorTool = z.infer<typeof ConnectorTool>;

/** How a server's tools differ from those that it had before. */
export const ConnectorChange = z.object({
  at: z.string(),
  added: z.array(z.string()),
  removed: z.array(z.string()),
  changed: z.array(z.string()),
});
export type ConnectorChange = z.infer<typeof ConnectorChange>;

export const Connector = z.object({
  name: z.string(),
  transport: z.enum(["stdio", "http"]),
  /** The file that names it. */
  file: z.string(),
  /** The agent whose own it is; null for one of the workspace. */
  agent: z.string().nullable(),
  trust: z.enum(["trusted", "untrusted"]),
  status: z.enum(CONNECTOR_STATUSES),
  /** Why the latest attempt failed. */
  error: z.string().nullable(),
  /** The end of what the server's program wrote to its standard error. */
  errorOutput: z.string(),
  protocolVersion: z.string().nullable(),
  tools: z.array(ConnectorTool),
  /** The latest change of its tools since it was first seen. */
  change: ConnectorChange.nullable(),
});
export type Connector = z.infer<typeof Connector>;

export const ConnectorList = z.object({
  connectors: z.array(Connector),
  /** What is wrong with the files that name them. */
  notices: z.array(z.string()),
});
export type ConnectorList = z.infer<typeof ConnectorList>;
