-- What search looks through: made from other tables when somebody searches, never by the work itself. It can be
-- emptied at any time, and is then made anew.
CREATE TABLE search_entries (
  -- Of the thing that was found; ids of different kinds differ.
  id text PRIMARY KEY,
  kind text NOT NULL,
  at timestamptz NOT NULL,
  agent_id text,
  goal_id text,
  run_id text,
  thread_id text,
  -- Of an item: its place in the thread.
  position integer,
  title text NOT NULL,
  -- The beginning of a long text.
  body text NOT NULL,
  -- Words as they are compared, without case and accents, and the kind as `=goal`. Made by the program.
  words tsvector NOT NULL
);
CREATE INDEX search_entries_by_word ON search_entries USING gin (words);
-- For words that are nearly everywhere, of which only the newest entries are compared.
CREATE INDEX search_entries_by_time ON search_entries (at, id);

-- How far it is made: `events` up to a sequence number, each kind from its rows up to an id.
CREATE TABLE search_progress (
  name text PRIMARY KEY,
  position text NOT NULL,
  done boolean NOT NULL
);

-- What a run did outside is told with the run.
CREATE INDEX effects_by_run ON effects (run_id);
