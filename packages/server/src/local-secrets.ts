import { isWorkspace, listSecrets, removeSecret, setSecret } from "@bureau/engine";
import { AppError, type Secret, type SecretList } from "@bureau/protocol";
import { type Environment, loadConfig } from "./config.ts";
import { openSecrets } from "./open-secrets.ts";
import { ownFolder } from "./server-file.ts";

/** The vault of a workspace for which no server is up. */
export async function localSecrets(
  workspace: string,
  environment: Environment,
): Promise<{
  list(): Promise<SecretList>;
  set(name: string, value: string): Promise<Secret>;
  remove(name: string): Promise<void>;
}> {
  if (!(await isWorkspace(workspace))) {
    throw new AppError("not_found", `${workspace} is not a workspace: it has no bureau.yaml.`, {
      hint: `Make one with \`bureau init ${workspace}\`, or name another with --workspace.`,
    });
  }
  const { vault } = await openSecrets(await loadConfig({ workspace }, environment));
  return {
    list: () => listSecrets(vault, workspace),
    set: async (name, value) => {
      await ownFolder(workspace);
      return setSecret(vault, workspace, { name, value });
    },
    remove: (name) => removeSecret(vault, name),
  };
}
