import { client } from "../../lib/session.ts";

const LIMIT = 200;

/** What the settings show. None of it comes by events, so what changes it asks for it again. */
export const settingsQueries = {
  devices: { queryKey: ["devices"], queryFn: () => client.listDevices({ query: { limit: LIMIT } }) },
  people: { queryKey: ["people"], queryFn: () => client.listPeople({ query: { limit: LIMIT } }) },
  invitations: { queryKey: ["invitations"], queryFn: () => client.listInvitations({ query: { limit: LIMIT } }) },
  links: { queryKey: ["links"], queryFn: () => client.listLinks({ query: { limit: LIMIT } }) },
  preferences: {
    queryKey: ["preferences"],
    queryFn: () => client.getPreferences({ params: { person: "me" } }),
  },
  passkeys: { queryKey: ["passkeys"], queryFn: () => client.listPasskeys() },
  push: { queryKey: ["push", "status"], queryFn: () => client.getPush() },
  pushSubscriptions: { queryKey: ["push", "subscriptions"], queryFn: () => client.listPushSubscriptions() },
};
