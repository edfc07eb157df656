import { agentFileContent, listAgentFiles, previewAgentFile } from "./commands/agent-files.ts";
import { setArtifactStatus } from "./commands/archive-artifact.ts";
import type { ArtifactParts } from "./commands/artifact-parts.ts";
import { commentArtifact, setCommentStatus } from "./commands/comment-artifact.ts";
import { getContextFile, saveContextFile } from "./commands/context-file.ts";
import { artifactContent, diffArtifact, getArtifact, previewArtifact } from "./commands/look-at-artifact.ts";
import type { CommandParts } from "./commands/parts.ts";
import type { ArtifactsApi, FilesApi } from "./engine-api.ts";
import { listArtifacts } from "./queries/artifacts.ts";

/** Each use case about artifacts and files by its name. */
export function artifactMethods(commands: CommandParts, given: ArtifactParts): ArtifactsApi & FilesApi {
  // Whoever watches is told of what commands change.
  const parts: ArtifactParts = { ...given, ...commands };
  const setStatus =
    (status: "open" | "resolved") => (artifact: string, comment: string, by: { by: { name: string } }) =>
      setCommentStatus(parts, artifact, comment, { status, by: by.by.name });
  return {
    listArtifacts: (query) => listArtifacts(parts.database, query),
    getArtifact: (artifact) => getArtifact(parts, artifact),
    previewArtifact: (artifact, version) => previewArtifact(parts, artifact, version),
    artifactContent: (artifact, version) => artifactContent(parts, artifact, version),
    diffArtifact: (artifact, query) => diffArtifact(parts, artifact, query),
    commentArtifact: (artifact, input) => commentArtifact(parts, commands, artifact, input),
    resolveComment: setStatus("resolved"),
    reopenComment: setStatus("open"),
    archiveArtifact: (artifact) => setArtifactStatus(parts, artifact, "archived"),
    unarchiveArtifact: (artifact) => setArtifactStatus(parts, artifact, "published"),
    listAgentFiles: (agent, path) => listAgentFiles(parts, agent, path),
    previewAgentFile: (agent, path) => previewAgentFile(parts, agent, path),
    agentFileContent: (agent, path) => agentFileContent(parts, agent, path),
    getContextFile: (agent, path) => getContextFile(parts, agent, path),
    saveContextFile: (agent, input) => saveContextFile(parts, agent, input),
  };
}
