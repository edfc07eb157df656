export * from "./main.ts";
export * from "./program.ts";
export type * from "./terminal.ts";
export type * from "./command-line.ts";
