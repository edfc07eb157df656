export * from "./app.ts";
export type * from "./app-parts.ts";
export * from "./config.ts";
export * from "./local-models.ts";
export * from "./main.ts";
export * from "./openapi.ts";
export * from "./serve.ts";
export * from "./server-file.ts";
export * from "./settings.ts";
