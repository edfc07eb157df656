import { join } from "node:path";
import { createSecretGuard, openVault, type SecretGuard, type SecretStore, systemClock } from "@bureau/engine";
import type { Config } from "./config.ts";
import { knownSecrets } from "./known-secrets.ts";
import { findToken } from "./server-file.ts";

export interface OpenSecrets {
  vault: SecretStore;
  /** Knows all secrets of the workspace that can be known. */
  guard: SecretGuard;
  /** Why the vault cannot be opened; null when it can. */
  problem: unknown;
}

/**
 * The secrets of a workspace, and what hides them.
 *
 * A vault that cannot be opened stops nothing: what needs a secret of it says so, and none is handed out.
 */
export async function openSecrets(config: Config): Promise<OpenSecrets> {
  const folder = join(config.workspace, ".bureau");
  const guard = createSecretGuard(knownSecrets(config, config.token ?? (await findToken(folder))));
  const vault = openVault({
    folder: join(folder, "vault"),
    key: config.vaultKey,
    clock: systemClock,
    onRead: (secrets) => guard.learn(secrets),
  });
  const problem = await vault.values().then(
    () => null,
    (error: unknown) => error,
  );
  return { vault, guard, problem };
}
