import type { EngineApi, SecretGuard } from "@bureau/engine";

type AnyMethod = (...input: unknown[]) => unknown;

/**
 * The same engine, with every known secret hidden in what it answers, fails with and tells.
 *
 * The last line before a client: what the engine keeps is clean already, but for what a person wrote into a file
 * of the workspace.
 */
export function guardEngine(engine: EngineApi, guard: SecretGuard): EngineApi {
  const listening: Pick<EngineApi, "onEvents" | "onDelta"> = {
    onEvents: (listener) => engine.onEvents((events) => listener(guard.redactData(events))),
    onDelta: (listener) => engine.onDelta((delta) => listener(guard.redactData(delta))),
  };
  return new Proxy(engine, {
    get: (target, name: keyof EngineApi) => {
      if (name === "onEvents" || name === "onDelta") return listening[name];
      const method = target[name] as unknown;
      if (typeof method !== "function") return method;
      return async (...input: unknown[]) => {
        try {
          return guard.redactData(await (method as AnyMethod).apply(target, input));
        } catch (error) {
          throw guard.redactError(error);
        }
      };
    },
  });
}
