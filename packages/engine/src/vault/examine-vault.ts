import type { DoctorFinding } from "@bureau/protocol";
import type { SecretStore } from "./open-vault.ts";
import { secretUses } from "./secret-uses.ts";

const noNames: readonly string[] = [];

/** Whether the vault can be opened, and whether what settings refer to is in it. Throws what opening it throws. */
export async function examineVault(vault: SecretStore | null, workspace: string): Promise<Omit<DoctorFinding, "name">> {
  const [names, uses] = await Promise.all([vault === null ? noNames : vault.names(), secretUses(workspace)]);
  const missing = [...uses].filter(([name]) => !names.includes(name));
  const [first] = missing;
  if (first !== undefined) {
    const more = missing.length > 1 ? ` And ${missing.length - 1} more.` : "";
    return {
      status: "missing",
      message: `${first[1].join(" and ")} refers to the secret ${first[0].slice(0, 80)}, which is not set.${more}`,
      hint: `bureau secret set ${first[0].slice(0, 80)}`,
    };
  }
  if (names.length === 0) return { status: "ok", message: "No secrets are kept.", hint: null };
  const unused = names.length - uses.size;
  const words = unused === 0 ? "all in use" : `${unused} not referred to in bureau.yaml and mcp.json`;
  return { status: "ok", message: `The vault opens: ${names.length} secrets, ${words}.`, hint: null };
}
