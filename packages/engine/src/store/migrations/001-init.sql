-- One database is one workspace. Times are timestamptz; money is micro-dollars; statuses are text, closed by checks.

CREATE TABLE settings (
  key text PRIMARY KEY,
  value jsonb NOT NULL
);

-- The last sequence number given to an event.
CREATE TABLE event_counter (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  last_seq bigint NOT NULL
);
INSERT INTO event_counter (last_seq) VALUES (0);

CREATE TABLE events (
  -- The order of writing. Rows of transactions that follow each other are in their order.
  id bigint GENERATED ALWAYS AS IDENTITY,
  -- Given when the event is first read; null until then.
  seq bigint,
  type text NOT NULL,
  at timestamptz NOT NULL,
  thread_id text,
  run_id text,
  goal_id text,
  data jsonb NOT NULL
);
CREATE UNIQUE INDEX events_by_seq ON events (seq) WHERE seq IS NOT NULL;
CREATE INDEX events_unnumbered ON events (id) WHERE seq IS NULL;

CREATE TABLE executors (
  id text PRIMARY KEY,
  host text NOT NULL,
  process_id integer NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  heartbeat_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE agents (
  id text PRIMARY KEY,
  name text NOT NULL UNIQUE,
  folder text NOT NULL UNIQUE,
  status text NOT NULL CHECK (status IN ('enabled', 'paused')),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE goals (
  id text PRIMARY KEY,
  name text NOT NULL UNIQUE,
  agent_id text NOT NULL REFERENCES agents (id),
  thread_id text NOT NULL,
  parent_id text REFERENCES goals (id),
  kind text NOT NULL CHECK (kind IN ('finish', 'standing')),
  status text NOT NULL CHECK (status IN ('draft', 'active', 'waiting', 'paused', 'blocked', 'done', 'abandoned')),
  version integer NOT NULL DEFAULT 1,
  -- The parsed goal file: title, brief, done, checks, constraints, budget, cadence, on, effort.
  spec jsonb NOT NULL,
  sentence text NOT NULL DEFAULT '',
  file text,
  -- Hash of the file as last read or written, so that an edit by hand is told from our own.
  file_hash text,
  -- Spent by this goal itself; the tree's total is a sum over it and its descendants.
  usage jsonb NOT NULL,
  -- Tokens and money set aside for calls in flight.
  reserved_tokens bigint NOT NULL DEFAULT 0,
  reserved_micros bigint NOT NULL DEFAULT 0,
  -- No-progress guard: last fingerprint of the work and how many continuations in a row left it unchanged.
  fingerprint text,
  idle_count integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz
);
CREATE INDEX goals_open ON goals (status) WHERE status NOT IN ('done', 'abandoned');
CREATE INDEX goals_by_parent ON goals (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE threads (
  id text PRIMARY KEY,
  agent_id text NOT NULL REFERENCES agents (id),
  goal_id text REFERENCES goals (id),
  title text NOT NULL,
  status text NOT NULL CHECK (status IN ('open', 'archived')),
  item_count integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE goals ADD FOREIGN KEY (thread_id) REFERENCES threads (id) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE tasks (
  id text PRIMARY KEY,
  goal_id text REFERENCES goals (id),
  parent_id text REFERENCES tasks (id),
  agent_id text NOT NULL REFERENCES agents (id),
  thread_id text REFERENCES threads (id),
  title text NOT NULL,
  status text NOT NULL CHECK (status IN ('open', 'in_progress', 'blocked', 'done', 'canceled')),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE runs (
  id text PRIMARY KEY,
  thread_id text NOT NULL REFERENCES threads (id),
  agent_id text NOT NULL REFERENCES agents (id),
  goal_id text REFERENCES goals (id),
  -- The goal's version that this run works under.
  goal_version integer,
  task_id text REFERENCES tasks (id),
  status text NOT NULL CHECK (status IN ('queued', 'running', 'waiting', 'completed', 'failed', 'canceled')),
  trigger text NOT NULL,
  priority integer NOT NULL DEFAULT 100,
  -- Grows each time a process takes the run up. Every write for the run names it.
  epoch integer NOT NULL DEFAULT 0,
  -- Grows with each command that must be seen before the next call: pause, cancel, steer, edit, decision.
  control integer NOT NULL DEFAULT 0,
  -- Grows with each write of the process that drives the run, so that a write whose answer was lost is recognised.
  commits bigint NOT NULL DEFAULT 0,
  -- How many times the run was handed to the dispatcher; part of the dispatched workflow's id.
  dispatch integer NOT NULL DEFAULT 0,
  -- Times in a row that a process took it up without finishing a step: a run that kills its process is given up.
  attempts integer NOT NULL DEFAULT 0,
  executor_id text,
  cancel_requested boolean NOT NULL DEFAULT false,
  pause_requested boolean NOT NULL DEFAULT false,
  wait_reason text,
  wait_until timestamptz,
  outcome text,
  failure text,
  sentence text NOT NULL DEFAULT '',
  step_count integer NOT NULL DEFAULT 0,
  turn integer NOT NULL DEFAULT 0,
  -- Last item of the thread that the model has been shown.
  seen_position integer NOT NULL DEFAULT 0,
  -- Small facts that the next step is decided from: check request, retry count, chosen model.
  state jsonb NOT NULL DEFAULT '{}',
  usage jsonb NOT NULL,
  limits jsonb NOT NULL DEFAULT '{}',
  model text,
  rehearsal boolean NOT NULL DEFAULT false,
  -- Context files as they were when the run began, so that the model's prefix does not change under it.
  context_hash text,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz
);
-- A thread has at most one run that is not over.
CREATE UNIQUE INDEX runs_one_open_per_thread ON runs (thread_id) WHERE status IN ('queued', 'running', 'waiting');
CREATE INDEX runs_open ON runs (status, wait_until) WHERE status IN ('queued', 'running', 'waiting');
CREATE INDEX runs_by_goal ON runs (goal_id, created_at) WHERE goal_id IS NOT NULL;
CREATE INDEX runs_by_creation ON runs (created_at);

CREATE TABLE steps (
  id text PRIMARY KEY,
  -- Of `runs`. The journal locks the run's row in the statement that writes here, so no foreign key checks it again.
  run_id text NOT NULL,
  number integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('model_call', 'tool_call', 'check', 'compaction')),
  status text NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'interrupted')),
  turn integer NOT NULL,
  name text NOT NULL,
  attempts integer NOT NULL DEFAULT 1,
  -- Set aside in the goal's budget while the step is running.
  reserved_tokens bigint NOT NULL DEFAULT 0,
  reserved_micros bigint NOT NULL DEFAULT 0,
  usage jsonb,
  -- Of a model call: how the answer ended and a fingerprint of the request, for rehearsals.
  detail jsonb,
  error text,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  UNIQUE (run_id, number)
);

CREATE TABLE tool_calls (
  id text PRIMARY KEY,
  run_id text NOT NULL,
  -- The model call that asked for it.
  asked_by text NOT NULL,
  step_id text,
  provider_call_id text NOT NULL,
  position integer NOT NULL,
  name text NOT NULL,
  arguments jsonb NOT NULL,
  action_hash text NOT NULL,
  status text NOT NULL CHECK (status IN
    ('pending', 'awaiting_approval', 'running', 'completed', 'failed', 'denied', 'interrupted', 'canceled')),
  effect text NOT NULL CHECK (effect IN ('read', 'write_workspace', 'write_outside')),
  idempotent boolean NOT NULL,
  -- Why a person must say yes before it runs; null when nobody must.
  approval_reason text,
  approved boolean NOT NULL DEFAULT false,
  result text,
  created_at timestamptz NOT NULL,
  started_at timestamptz,
  ended_at timestamptz
);
CREATE INDEX tool_calls_by_run ON tool_calls (run_id, position);

CREATE TABLE items (
  id text PRIMARY KEY,
  -- Of `threads`, whose row is locked to give the item its position.
  thread_id text NOT NULL,
  run_id text,
  step_id text,
  position integer NOT NULL,
  turn integer NOT NULL DEFAULT 0,
  type text NOT NULL,
  -- Content; large text is {"blob": sha256, "bytes": n, "head": first part} in place of a string.
  content jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  UNIQUE (thread_id, position)
);

CREATE TABLE evidence (
  id text PRIMARY KEY,
  goal_id text NOT NULL REFERENCES goals (id),
  goal_version integer NOT NULL,
  run_id text,
  step_id text,
  check_index integer NOT NULL,
  kind text NOT NULL,
  requirement text NOT NULL,
  status text NOT NULL CHECK (status IN ('verified', 'unverified', 'partial', 'blocked')),
  detail text NOT NULL,
  artifact text,
  checked_at timestamptz NOT NULL
);
CREATE INDEX evidence_by_goal ON evidence (goal_id, checked_at);

CREATE TABLE inbox (
  id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('approval', 'question', 'sign_off', 'stopped')),
  status text NOT NULL CHECK (status IN ('pending', 'approved', 'denied', 'answered', 'dismissed', 'expired')),
  agent_id text,
  goal_id text,
  goal_version integer,
  run_id text,
  thread_id text,
  tool_call_id text,
  check_index integer,
  title text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  choices jsonb NOT NULL DEFAULT '[]',
  action_hash text,
  answer text,
  decided_by text,
  decided_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX inbox_pending ON inbox (created_at) WHERE status = 'pending';
CREATE INDEX inbox_by_goal ON inbox (goal_id) WHERE goal_id IS NOT NULL;
CREATE INDEX inbox_by_run ON inbox (run_id) WHERE run_id IS NOT NULL;

-- Blobs that items refer to; the bytes are files named by their SHA-256.
CREATE TABLE blobs (
  hash text PRIMARY KEY,
  bytes bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
