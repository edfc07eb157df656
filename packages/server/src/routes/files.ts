import type { FilesApi } from "@bureau/engine";
import type { AgentFilePath, BytesName, filesApi, Handlers } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";
import { type BytesHandlers, fileReply } from "../file-reply.ts";

export function fileHandlers(engine: FilesApi): Handlers<typeof filesApi, AppContext> {
  return {
    listAgentFiles: ({ params, query }) => engine.listAgentFiles(params.agent, query.path),
    previewAgentFile: ({ params, query }) => engine.previewAgentFile(params.agent, query.path),
    getContextFile: ({ params, query }) => engine.getContextFile(params.agent, query.path),
    saveContextFile: ({ params, body }) => engine.saveContextFile(params.agent, body),
  };
}

export function agentFiles(engine: FilesApi): BytesHandlers<BytesName<typeof filesApi>> {
  return {
    getAgentFileContent: async ({ params, query }, context) =>
      fileReply(context, await engine.agentFileContent(params["agent"] ?? "", (query as AgentFilePath).path)),
  };
}
