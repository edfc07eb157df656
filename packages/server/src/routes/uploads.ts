import type { UploadsApi } from "@bureau/engine";
import type { Handlers, uploadsApi } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";
import { callerOf } from "../caller.ts";

export function uploadHandlers(engine: UploadsApi): Handlers<typeof uploadsApi, AppContext> {
  return {
    uploadFile: ({ query, file }, context) => engine.uploadFile({ ...query, ...file, by: callerOf(context).name }),
  };
}
