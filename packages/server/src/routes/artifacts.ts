import type { ArtifactsApi } from "@bureau/engine";
import type { artifactsApi, BytesName, Handlers } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";
import { deciderOf } from "../caller.ts";
import { type BytesHandlers, fileReply } from "../file-reply.ts";

export function artifactHandlers(engine: ArtifactsApi): Handlers<typeof artifactsApi, AppContext> {
  return {
    listArtifacts: ({ query }) => engine.listArtifacts(query),
    getArtifact: ({ params }) => engine.getArtifact(params.artifact),
    diffArtifact: ({ params, query }) => engine.diffArtifact(params.artifact, query),
    previewArtifact: ({ params }) => engine.previewArtifact(params.artifact, params.version),
    commentArtifact: ({ params, body }, context) =>
      engine.commentArtifact(params.artifact, { ...body, by: deciderOf(context) }),
    resolveComment: ({ params }, context) =>
      engine.resolveComment(params.artifact, params.commentId, { by: deciderOf(context) }),
    reopenComment: ({ params }, context) =>
      engine.reopenComment(params.artifact, params.commentId, { by: deciderOf(context) }),
    archiveArtifact: ({ params }) => engine.archiveArtifact(params.artifact),
    unarchiveArtifact: ({ params }) => engine.unarchiveArtifact(params.artifact),
  };
}

export function artifactFiles(engine: ArtifactsApi): BytesHandlers<BytesName<typeof artifactsApi>> {
  return {
    getArtifactContent: async ({ params }, context) =>
      fileReply(context, await engine.artifactContent(params["artifact"] ?? "", params["version"] ?? "")),
  };
}
