import type { ContentSource } from "@bureau/protocol";
import type { Queryable } from "./database.ts";

/** Says of a file, or of the files of a folder that change from now on, that they may hold what others wrote. */
export interface FileLabel {
  /** Absolute and real; of a folder it ends in `/`. */
  path: string;
  sources: readonly ContentSource[];
  run_id: string;
  at: string;
  /** Of a folder: the command that writes in it has ended. */
  until?: string;
  /** The file was written anew without content from outside: the label goes. */
  clear?: true;
}

const MAX_SOURCES = 20;

/** Labels are set before the file is written, so that no crash leaves one without. */
export async function labelFiles(transaction: Queryable, labels: readonly FileLabel[]): Promise<void> {
  for (const label of labels) {
    if (label.clear) await transaction.query("DELETE FROM file_labels WHERE path = $1", [label.path]);
    else if (label.until !== undefined)
      await transaction.query("UPDATE file_labels SET until = $2 WHERE path = $1 AND run_id = $3", [
        label.path,
        label.until,
        label.run_id,
      ]);
    else
      await transaction.query(
        `INSERT INTO file_labels (path, sources, run_id, labelled_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (path) DO UPDATE SET run_id = $3, until = NULL, sources = (SELECT jsonb_agg(s) FROM (
           SELECT DISTINCT s FROM jsonb_array_elements(file_labels.sources || $2::jsonb) AS s LIMIT ${MAX_SOURCES}) d)`,
        [label.path, JSON.stringify(label.sources), label.run_id, label.at],
      );
  }
}

/** Where what a file holds came from, outside; empty for most. `changedAt` is when it was last changed. */
export async function labelsOfFile(database: Queryable, path: string, changedAt: Date): Promise<ContentSource[]> {
  const { rows } = await database.query<{ sources: ContentSource[] }>(
    `SELECT sources FROM file_labels WHERE path = $1 OR (right(path, 1) = '/' AND starts_with($1, path)
       AND $2::timestamptz >= labelled_at - interval '1 second'
       AND (until IS NULL OR $2::timestamptz <= until + interval '1 second')) LIMIT 50`,
    [path, changedAt],
  );
  return rows.flatMap((row) => row.sources);
}

/** Where what the files under a folder hold came from, outside. */
export async function labelsUnder(database: Queryable, folder: string): Promise<ContentSource[]> {
  const { rows } = await database.query<{ sources: ContentSource[] }>(
    "SELECT sources FROM file_labels WHERE starts_with(path, $1) OR starts_with($1, path) LIMIT 50",
    [`${folder}/`],
  );
  return rows.flatMap((row) => row.sources);
}
