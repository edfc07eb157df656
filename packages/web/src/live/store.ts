import { createLive } from "./create-live.ts";

export type { LiveState } from "./create-live.ts";
export type { Draft } from "./drafts.ts";

/** The one live state of the app. */
const live = createLive();

export const readLive = live.read;
export const subscribeLive = live.subscribe;
export const setConnection = live.setConnection;
export const startAt = live.startAt;
export const whenStarted = live.whenStarted;
export const receive = live.receive;
export const resetDrafts = live.resetDrafts;
export const endCatchUp = live.endCatchUp;
export const layThings = live.layThings;
export const holdThread = live.holdThread;
export const releaseThread = live.releaseThread;
export const layItems = live.layItems;
export const layHalt = live.layHalt;
