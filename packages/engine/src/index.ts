export * from "./clock.ts";
export type * from "./engine-api.ts";
export type * from "./models/model.ts";
export type * from "./models/settings.ts";
