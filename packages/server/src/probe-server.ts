import { builtInTools, probeMcpServer, readSettings, resolveSecrets } from "@bureau/engine";
import type { Connector } from "@bureau/protocol";
import { type Environment, readConfig } from "./config.ts";
import { openSecrets } from "./open-secrets.ts";

/** Connects to a server of `mcp.json`, or at an address, and says what its tools are taken for. */
export async function probeServer(options: {
  target: string;
  workspace: string;
  environment: Environment;
}): Promise<Connector> {
  const { target, workspace, environment } = options;
  const config = readConfig({ workspace }, await readSettings(workspace), environment);
  const { vault, guard } = await openSecrets(config);
  const resolveSecret = (text: string) => resolveSecrets(text, vault);
  const taken = new Set(builtInTools().map((tool) => tool.name));
  return guard.redactData(await probeMcpServer({ target, workspace, values: { environment, resolveSecret }, taken }));
}
