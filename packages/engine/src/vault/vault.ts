import { AppError } from "@bureau/protocol";

export const SECRET_NAME = /^[A-Z][A-Z0-9_]{0,63}$/;
/** Where a setting refers to a secret: `${secret:NAME}`. */
const REFERENCE = /\$\{secret:([^}]*)\}/g;

/** A secret as it was kept: its name and value. Never leaves the process. */
export interface KeptSecret {
  name: string;
  value: string;
}

/** Reads secrets by name. Only what hands them to a connector or a provider may have one. */
export interface Vault {
  /** The value, or null when there is no secret of this name. */
  get(name: string): Promise<string | null>;
  names(): Promise<readonly string[]>;
  /** All of them, for hiding them in text. */
  values(): Promise<readonly KeptSecret[]>;
}

/** Names that a setting refers to, each once, in the order they come. Names that are not well formed are among them. */
export function secretReferences(text: string): string[] {
  return [...new Set([...text.matchAll(REFERENCE)].map((match) => match[1]!))];
}

/**
 * A setting's text with each `${secret:NAME}` replaced by the secret's value.
 *
 * Only for what a person wrote in a settings file, and only right before it is handed over: what comes out may be
 * neither stored nor logged nor shown. A value is never looked at for references again. Throws `invalid` for a name
 * that is not well formed and `not_found` for one that the vault does not have.
 */
export async function resolveSecrets(text: string, vault: Pick<Vault, "get">): Promise<string> {
  const values = new Map<string, string>();
  for (const name of secretReferences(text)) values.set(name, await secretValue(name, vault));
  return text.replace(REFERENCE, (_whole, name: string) => values.get(name)!);
}

/** The value of a secret that a setting names. Throws as `resolveSecrets` does. */
export async function secretValue(name: string, vault: Pick<Vault, "get">): Promise<string> {
  checkSecretName(name);
  const value = await vault.get(name);
  if (value !== null) return value;
  throw new AppError("not_found", `The secret ${name} is not in the vault.`, {
    hint: `Set it with \`bureau secret set ${name}\`.`,
  });
}

/** Throws `invalid` unless it can be the name of a secret. */
export function checkSecretName(name: string): void {
  if (SECRET_NAME.test(name)) return;
  throw new AppError("invalid", `${JSON.stringify(name.slice(0, 80))} is not the name of a secret.`, {
    hint: "Use capital letters, digits and _, starting with a letter, at most 64 characters, such as GITHUB_TOKEN.",
  });
}
