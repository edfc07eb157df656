import type { Secret, SecretList } from "@bureau/protocol";
import type { Call } from "../command-line.ts";
import { connectionTo } from "../connect.ts";
import { findServer, findWorkspace } from "../workspace.ts";

export interface Secrets {
  list(): Promise<SecretList>;
  set(name: string, value: string): Promise<Secret>;
  remove(name: string): Promise<void>;
}

/** Through the server when one is up, which then hides a new secret from this moment on; else in the vault itself. */
export async function openSecrets(call: Pick<Call, "terminal" | "options">): Promise<Secrets> {
  const workspace = findWorkspace(call);
  const running = await findServer(workspace);
  if (running !== null) {
    const { client } = connectionTo(workspace, running.url, running.token);
    return {
      list: () => client.listSecrets(),
      set: (name, value) => client.setSecret({ params: { name }, body: { value } }),
      remove: (name) => client.removeSecret({ params: { name } }),
    };
  }
  const { localSecrets } = await import("@bureau/server");
  return localSecrets(workspace, call.terminal.environment);
}
