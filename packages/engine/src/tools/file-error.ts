import { AppError } from "@bureau/protocol";
import type { ErrorCode } from "@bureau/protocol";

/** What the operating system's error codes mean for a path, in words that say what to do next. */
const MEANINGS: Record<string, { code: ErrorCode; text: string }> = {
  ENOENT: { code: "not_found", text: "does not exist. Look with list_files." },
  EACCES: { code: "forbidden", text: "may not be opened: its permissions do not allow it." },
  EPERM: { code: "forbidden", text: "may not be changed: the system does not permit it." },
  EROFS: { code: "forbidden", text: "lies on a disk that can only be read." },
  EISDIR: { code: "invalid", text: "is a folder, not a file. Look into it with list_files." },
  ENOTDIR: { code: "invalid", text: "goes through a file as if it were a folder." },
  ENAMETOOLONG: { code: "invalid", text: "is too long a name for this disk. Use a shorter one." },
  ELOOP: { code: "conflict", text: "changed into a link while it was opened. Try again." },
  EXDEV: { code: "conflict", text: "moved to another disk while it was written. Try again." },
  ENXIO: { code: "invalid", text: "is a device or a pipe, not a file." },
  ENOSPC: { code: "unavailable", text: "could not be written: the disk is full." },
  EDQUOT: { code: "unavailable", text: "could not be written: the disk quota is used up." },
  EFBIG: { code: "too_large", text: "would become larger than this disk allows." },
  EMFILE: { code: "unavailable", text: "could not be opened: too many files are open. Try again." },
};

/** Turns an error of the file system into one that names the path and what to do; leaves an `AppError` as it is. */
export function fileError(error: unknown, path: string): AppError {
  if (error instanceof AppError) return error;
  const code = errorCode(error);
  const meaning = code === null ? undefined : MEANINGS[code];
  if (meaning) return new AppError(meaning.code, `"${path}" ${meaning.text}`, { cause: error });
  const reason = error instanceof Error ? error.message : String(error);
  return new AppError("internal", `"${path}" could not be used: ${reason}`, { cause: error });
}

/** The system's code of an error, such as `ENOENT`; null where it has none. */
export function errorCode(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : null;
}
