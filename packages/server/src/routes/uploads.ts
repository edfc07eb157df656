import { textOfDecider, type UploadsApi } from "@bureau/engine";
import type { Handlers, uploadsApi } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";
import { deciderOf } from "../caller.ts";

export function uploadHandlers(engine: UploadsApi): Handlers<typeof uploadsApi, AppContext> {
  return {
    uploadFile: ({ query, file }, context) =>
      engine.uploadFile({ ...query, ...file, by: textOfDecider(deciderOf(context)) }),
  };
}
