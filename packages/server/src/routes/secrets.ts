import type { SecretsApi } from "@bureau/engine";
import type { Handlers, secretsApi } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";

export function secretHandlers(engine: SecretsApi): Handlers<typeof secretsApi, AppContext> {
  return {
    listSecrets: () => engine.listSecrets(),
    setSecret: ({ params, body }) => engine.setSecret(params.name, body.value),
    removeSecret: ({ params }) => engine.removeSecret(params.name),
  };
}
