import { z } from "zod";
import { Reference } from "./api-inputs.ts";
import { endpoint } from "./endpoint.ts";
import { MAX_UPLOAD_BYTES, Upload } from "./upload.ts";

export const UploadFile = z.strictObject({
  /** What the file is called; in the folder it has a safe name made of this. */
  name: Reference,
  /** Whose folder; that of the workspace itself where absent. */
  agent: Reference.optional(),
});
export type UploadFile = z.infer<typeof UploadFile>;

export const uploadsApi = {
  uploadFile: endpoint("POST", "/api/uploads", {
    summary: "Put a file into a folder's `inbox/`: the body is the file, the content type what it is",
    group: "uploads",
    query: UploadFile,
    file: MAX_UPLOAD_BYTES,
    reply: Upload,
    errors: ["not_found", "conflict", "limit_reached", "unavailable"],
  }),
};
