export * from "./clock.ts";
export type * from "./engine-api.ts";
