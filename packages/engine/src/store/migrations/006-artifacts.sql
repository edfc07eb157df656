-- Results that runs have published for people. The bytes of each version are a blob; the newest is also a plain file.
CREATE TABLE artifacts (
  id text PRIMARY KEY,
  -- Its folder in artifacts/ of the workspace.
  name text NOT NULL UNIQUE,
  title text NOT NULL,
  status text NOT NULL DEFAULT 'published' CHECK (status IN ('published', 'archived')),
  agent_id text NOT NULL,
  goal_id text,
  -- Of the version that a run published last.
  thread_id text NOT NULL,
  run_id text NOT NULL,
  version integer NOT NULL,
  kind text NOT NULL,
  bytes bigint NOT NULL,
  -- Name of the newest version's file.
  file text NOT NULL,
  open_comments integer NOT NULL DEFAULT 0,
  -- The version that its plain file was last known to hold, and how the file looked then: a file that looks otherwise
  -- was changed by hand.
  file_version integer NOT NULL DEFAULT 0,
  file_stamp text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX artifacts_by_goal ON artifacts (goal_id, id) WHERE goal_id IS NOT NULL;
CREATE INDEX artifacts_by_agent ON artifacts (agent_id, id);
CREATE INDEX artifacts_by_thread ON artifacts (thread_id, id);

CREATE TABLE artifact_versions (
  id text PRIMARY KEY,
  artifact_id text NOT NULL REFERENCES artifacts (id) ON DELETE CASCADE,
  number integer NOT NULL,
  origin text NOT NULL CHECK (origin IN ('run', 'hand')),
  run_id text,
  -- One call publishes one version, however often it is made: this is what holds it to that.
  tool_call_id text UNIQUE,
  file text NOT NULL,
  kind text NOT NULL,
  media_type text NOT NULL,
  bytes bigint NOT NULL,
  -- The blob.
  hash text NOT NULL,
  note text,
  -- Content from outside that may be in it.
  sources jsonb NOT NULL DEFAULT '[]',
  created_at timestamptz NOT NULL,
  UNIQUE (artifact_id, number)
);
CREATE INDEX artifact_versions_by_run ON artifact_versions (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX artifact_versions_by_hash ON artifact_versions (hash);

CREATE TABLE artifact_comments (
  id text PRIMARY KEY,
  artifact_id text NOT NULL REFERENCES artifacts (id) ON DELETE CASCADE,
  version integer NOT NULL,
  text text NOT NULL,
  place jsonb,
  status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'resolved')),
  said_by text NOT NULL,
  created_at timestamptz NOT NULL,
  resolved_at timestamptz,
  resolved_by text
);
CREATE INDEX artifact_comments_by_artifact ON artifact_comments (artifact_id, id);

-- What office files were converted to, by the hash of their bytes: made anew when it is gone.
CREATE TABLE conversions (
  hash text NOT NULL,
  format text NOT NULL,
  -- Grows when the converter answers otherwise.
  converter integer NOT NULL,
  blob_hash text NOT NULL,
  used_at timestamptz NOT NULL,
  PRIMARY KEY (hash, format, converter)
);
