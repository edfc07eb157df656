-- Whoever decides and is told. The owner is always there; a name is free again when its person is removed.
CREATE TABLE people (
  id text PRIMARY KEY,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('owner', 'member', 'guest')),
  -- What a guest may read.
  goals text[] NOT NULL DEFAULT '{}',
  threads text[] NOT NULL DEFAULT '{}',
  -- Only what was changed: the rest is as the program has it.
  preferences jsonb NOT NULL DEFAULT '{}',
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  removed_at timestamptz,
  removed_by text,
  CHECK (role <> 'owner' OR removed_at IS NULL)
);
CREATE UNIQUE INDEX people_by_name ON people (lower(name)) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX people_one_owner ON people (role) WHERE role = 'owner';
INSERT INTO people (id, name, role, created_by, created_at) VALUES ('pers_owner', 'owner', 'owner', 'bureau', now());

-- Every device that there is was made by or for the owner.
ALTER TABLE devices ADD COLUMN person_id text NOT NULL DEFAULT 'pers_owner' REFERENCES people (id);
ALTER TABLE devices ALTER COLUMN person_id DROP DEFAULT;
DROP INDEX devices_by_name;
CREATE UNIQUE INDEX devices_by_name ON devices (person_id, lower(name)) WHERE revoked_at IS NULL;

ALTER TABLE inbox ADD COLUMN decided_device text;

-- Of what is told once only a hash is kept: 256 random bits need no slow one.
CREATE TABLE invitations (
  id text PRIMARY KEY,
  secret_hash text NOT NULL UNIQUE,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('member', 'guest')),
  goals text[] NOT NULL DEFAULT '{}',
  threads text[] NOT NULL DEFAULT '{}',
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  accepted_at timestamptz,
  person_id text REFERENCES people (id),
  CHECK ((accepted_at IS NULL) = (person_id IS NULL)),
  CHECK (accepted_at IS NULL OR revoked_at IS NULL)
);

CREATE TABLE pairings (
  id text PRIMARY KEY,
  code_hash text NOT NULL UNIQUE,
  person_id text NOT NULL REFERENCES people (id),
  name text,
  scope text NOT NULL CHECK (scope IN ('read', 'inbox', 'full')),
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  redeemed_at timestamptz,
  device_id text REFERENCES devices (id),
  CHECK ((redeemed_at IS NULL) = (device_id IS NULL))
);

-- For somebody without an account: one entry of the inbox, or what is asked in one thread.
CREATE TABLE links (
  id text PRIMARY KEY,
  secret_hash text NOT NULL UNIQUE,
  name text NOT NULL,
  entry_id text,
  thread_id text,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  used_at timestamptz,
  CHECK ((entry_id IS NULL) <> (thread_id IS NULL))
);
CREATE INDEX links_by_thread ON links (thread_id) WHERE thread_id IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX links_by_entry ON links (entry_id) WHERE entry_id IS NOT NULL;
