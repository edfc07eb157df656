-- Each phone, browser or program has a token of its own; what is kept of it is a hash of 256 random bits.
CREATE TABLE devices (
  id text PRIMARY KEY,
  name text NOT NULL,
  token_hash text NOT NULL UNIQUE,
  scope text NOT NULL CHECK (scope IN ('read', 'inbox', 'full')),
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  -- Written at most once a minute.
  last_seen_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz,
  revoked_by text
);
CREATE UNIQUE INDEX devices_by_name ON devices (lower(name)) WHERE revoked_at IS NULL;

-- Browsers that traded a token for a cookie.
CREATE TABLE sessions (
  id text PRIMARY KEY,
  cookie_hash text NOT NULL UNIQUE,
  -- Null: the owner's.
  device_id text REFERENCES devices (id) ON DELETE CASCADE,
  -- Made from the owner's token: a session of the owner ends when the token is changed.
  owner_key text,
  created_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  CHECK ((device_id IS NULL) <> (owner_key IS NULL))
);
CREATE INDEX sessions_by_device ON sessions (device_id) WHERE device_id IS NOT NULL;
