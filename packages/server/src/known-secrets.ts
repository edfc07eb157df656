import { type KeptSecret, looksSecret } from "@bureau/engine";
import type { Config } from "./config.ts";

const SECRET_HEADER = /auth|key|token|secret|cookie|passw|credential/i;

/** Secrets that do not come from the vault: keys of the environment, the server's token, passwords in addresses. */
export function knownSecrets(config: Config, token: string | null): KeptSecret[] {
  const found: KeptSecret[] = token === null ? [] : [{ name: "BUREAU_TOKEN", value: token }];
  const { databaseUrl, vaultKey } = config;
  if (vaultKey.type === "given") found.push({ name: "BUREAU_VAULT_KEY", value: vaultKey.key.trim() });
  if (databaseUrl !== null) found.push(...passwordIn("DATABASE_URL", databaseUrl));
  for (const [provider, { apiKey, baseUrl, headers }] of Object.entries(config.models.providers)) {
    const name = `${provider.toUpperCase().replace(/[^A-Z0-9]/g, "_")}_API_KEY`;
    if (apiKey !== undefined)
      found.push({ name: config.settings.providers[provider]?.apiKeyEnv ?? name, value: apiKey });
    if (baseUrl !== undefined) found.push(...passwordIn(`${provider} baseUrl`, baseUrl));
    for (const [header, value] of Object.entries(headers ?? {})) {
      if (SECRET_HEADER.test(header)) found.push(...headerSecrets(`${provider} ${header}`, value));
    }
  }
  return found.filter(({ value }) => isSecret(value));
}

/** What follows the last space is the credential: `Bearer abc`. A value that only refers to the vault is none. */
function headerSecrets(name: string, value: string): KeptSecret[] {
  if (value.includes("${secret:")) return [];
  return [value, value.slice(value.lastIndexOf(" ") + 1)].map((one) => ({ name, value: one }));
}

function passwordIn(name: string, url: string): KeptSecret[] {
  if (!URL.canParse(url)) return [];
  const { password } = new URL(url);
  return [
    { name, value: password },
    { name, value: decoded(password) },
  ];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isSecret(value: string): boolean {
  return !value.includes("${secret:") && looksSecret(value);
}
