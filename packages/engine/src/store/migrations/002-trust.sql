-- Writes outside the workspace, kept for good: tool calls are removed by retention, this is not.
CREATE TABLE effects (
  id text PRIMARY KEY,
  -- Hash of goal, task or run, with the tool and its canonical arguments: one intent happens once.
  key text NOT NULL,
  status text NOT NULL CHECK (status IN
    ('proposed', 'approved', 'started', 'done', 'failed', 'unknown', 'denied', 'taken_back')),
  tool text NOT NULL,
  kind text NOT NULL,
  title text NOT NULL,
  targets jsonb NOT NULL DEFAULT '[]',
  arguments jsonb NOT NULL,
  action_hash text NOT NULL,
  reversible boolean NOT NULL DEFAULT false,
  agent_id text NOT NULL,
  goal_id text,
  run_id text NOT NULL,
  thread_id text NOT NULL,
  tool_call_id text NOT NULL,
  -- On whose yes: a person, or the rule that allowed it.
  approved_by text,
  -- What outside content the run had read.
  sources jsonb NOT NULL DEFAULT '[]',
  -- A person can still stop it until then.
  undo_until timestamptz,
  undo_window_ms integer NOT NULL DEFAULT 0,
  receipt jsonb,
  error text,
  proposed_at timestamptz NOT NULL,
  approved_at timestamptz,
  started_at timestamptz,
  ended_at timestamptz,
  undone_at timestamptz,
  undone_by text
);
CREATE UNIQUE INDEX effects_by_key ON effects (key) WHERE status NOT IN ('failed', 'denied', 'taken_back');
CREATE INDEX effects_by_time ON effects (proposed_at);
CREATE INDEX effects_by_goal ON effects (goal_id, proposed_at) WHERE goal_id IS NOT NULL;
CREATE INDEX effects_by_call ON effects (tool_call_id);
CREATE INDEX effects_open ON effects (status) WHERE status IN ('proposed', 'approved', 'started', 'unknown');

-- Rules that people made in the app or by an approval; those of bureau.yaml and of goals are in their files.
CREATE TABLE policy_rules (
  id text PRIMARY KEY,
  verdict text NOT NULL CHECK (verdict IN ('allow', 'ask', 'deny')),
  -- Patterns with *; null holds for all.
  tool text NOT NULL,
  target text,
  agent text,
  goal_id text,
  run_id text,
  -- Allows also when the run has read outside content.
  after_outside boolean NOT NULL DEFAULT false,
  origin text NOT NULL CHECK (origin IN ('person', 'approval')),
  text text NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL
);

-- Files that hold content from outside the workspace. A path that ends in / is a folder: its files that changed from
-- `labelled_at` to `until` (now, where null), since commands ran in it whose writes are not known one by one.
CREATE TABLE file_labels (
  path text PRIMARY KEY,
  sources jsonb NOT NULL,
  run_id text,
  labelled_at timestamptz NOT NULL,
  until timestamptz
);

-- What was spent and set aside in a day, by scope: `workspace`, `agent:<id>`.
CREATE TABLE spending (
  scope text NOT NULL,
  day date NOT NULL,
  tokens bigint NOT NULL DEFAULT 0,
  micros bigint NOT NULL DEFAULT 0,
  calls bigint NOT NULL DEFAULT 0,
  runs bigint NOT NULL DEFAULT 0,
  reserved_tokens bigint NOT NULL DEFAULT 0,
  reserved_micros bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (scope, day)
);

ALTER TABLE inbox DROP CONSTRAINT inbox_kind_check;
ALTER TABLE inbox ADD CONSTRAINT inbox_kind_check CHECK (kind IN
  ('approval', 'question', 'sign_off', 'stopped', 'unknown_effect', 'failed_run', 'budget', 'sign_in'));
ALTER TABLE inbox
  ADD COLUMN effect_id text,
  ADD COLUMN assignee text,
  ADD COLUMN remind_at timestamptz,
  ADD COLUMN reminded_at timestamptz,
  ADD COLUMN expires_at timestamptz,
  -- What happens then: `deny` an approval, `assume` what a question said would be assumed.
  ADD COLUMN on_expiry text CHECK (on_expiry IN ('deny', 'assume'));
CREATE INDEX inbox_expiring ON inbox (expires_at) WHERE status = 'pending' AND expires_at IS NOT NULL;

-- What a new run of a thread inherits is read from the one before it.
CREATE INDEX runs_by_thread ON runs (thread_id, created_at);
