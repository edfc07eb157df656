import { AppError, type Secret, type SecretList } from "@bureau/protocol";
import type { SecretStore } from "../vault/open-vault.ts";
import { secretUses } from "../vault/secret-uses.ts";

/** Names, when each was set, and which settings refer to it. */
export async function listSecrets(vault: SecretStore | null, workspace: string): Promise<SecretList> {
  const [entries, uses] = await Promise.all([vaultOf(vault).list(), secretUses(workspace)]);
  return { secrets: entries.map((entry) => ({ ...entry, usedBy: uses.get(entry.name) ?? [] })) };
}

export async function setSecret(
  vault: SecretStore | null,
  workspace: string,
  { name, value }: { name: string; value: string },
): Promise<Secret> {
  const entry = await vaultOf(vault).set(name, value);
  return { ...entry, usedBy: (await secretUses(workspace)).get(name) ?? [] };
}

export async function removeSecret(vault: SecretStore | null, name: string): Promise<void> {
  if (await vaultOf(vault).remove(name)) return;
  throw new AppError("not_found", `There is no secret ${name}.`, { hint: "`bureau secret list` has those there are." });
}

function vaultOf(vault: SecretStore | null): SecretStore {
  if (vault !== null) return vault;
  throw new AppError("unavailable", "This engine was started without a vault.");
}
