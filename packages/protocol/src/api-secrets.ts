import { SetSecret } from "./api-inputs.ts";
import { SecretList } from "./api-replies.ts";
import { endpoint } from "./endpoint.ts";
import { Secret } from "./secret.ts";

const group = "secrets";

/** Secrets can be set and never read: there is no address that answers a value. */
export const secretsApi = {
  listSecrets: endpoint("GET", "/api/secrets", {
    summary: "Names of secrets, when each was set and where it is used; never a value",
    group,
    reply: SecretList,
    errors: ["not_found", "unavailable"],
  }),
  setSecret: endpoint("PUT", "/api/secrets/:name", {
    summary: "Set a secret, or another value of one that is there",
    group,
    body: SetSecret,
    reply: Secret,
    takesSecret: true,
    errors: ["not_found", "too_large", "limit_reached", "unavailable"],
  }),
  removeSecret: endpoint("DELETE", "/api/secrets/:name", {
    summary: "Forget a secret",
    group,
    reply: "empty",
    errors: ["not_found", "unavailable"],
  }),
};
