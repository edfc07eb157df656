import pg from "pg";

/** A pool or a client in a transaction. */
export type Queryable = Pick<pg.ClientBase, "query">;

export interface Database extends Queryable {
  readonly url: string;
  /** Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. */
  transaction<T>(work: (transaction: pg.ClientBase) => Promise<T>): Promise<T>;
  /** A connection of its own, for LISTEN. The caller ends it. */
  connect(): Promise<pg.Client>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  maxConnections: number;
}
