import { agentsApi } from "./api-agents.ts";
import { artifactsApi } from "./api-artifacts.ts";
import { devicesApi } from "./api-devices.ts";
import { effectsApi } from "./api-effects.ts";
import { connectorsApi } from "./api-connectors.ts";
import { filesApi } from "./api-files.ts";
import { goalsApi } from "./api-goals.ts";
import { inboxApi } from "./api-inbox.ts";
import { passkeysApi } from "./api-passkeys.ts";
import { linksApi } from "./api-links.ts";
import { pairingsApi } from "./api-pairings.ts";
import { peopleApi } from "./api-people.ts";
import { insightApi } from "./api-insight.ts";
import { policyApi } from "./api-policy.ts";
import { pushApi } from "./api-push.ts";
import { runsApi } from "./api-runs.ts";
import { secretsApi } from "./api-secrets.ts";
import { stateApi } from "./api-state.ts";
import { uploadsApi } from "./api-uploads.ts";
import { workApi } from "./api-work.ts";

/** Every HTTP endpoint, declared once. Server, clients and reference are all made from this table. */
export const api = {
  ...agentsApi,
  ...filesApi,
  ...goalsApi,
  ...workApi,
  ...runsApi,
  ...inboxApi,
  ...effectsApi,
  ...artifactsApi,
  ...policyApi,
  ...secretsApi,
  ...connectorsApi,
  ...stateApi,
  ...devicesApi,
  ...pushApi,
  ...passkeysApi,
  ...uploadsApi,
  ...peopleApi,
  ...pairingsApi,
  ...linksApi,
  ...insightApi,
};
export type Api = typeof api;
