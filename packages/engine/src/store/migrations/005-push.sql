-- Browsers that notifications are pushed to. They end with the device or the owner's session that asked for them;
-- one that the owner's token asked for has neither.
CREATE TABLE push_subscriptions (
  id text PRIMARY KEY,
  endpoint text NOT NULL,
  -- SHA-256 of it: an index over addresses of 2,000 characters is refused.
  endpoint_hash text NOT NULL UNIQUE,
  p256dh text NOT NULL,
  auth text NOT NULL,
  device_id text REFERENCES devices (id) ON DELETE CASCADE,
  session_id text REFERENCES sessions (id) ON DELETE CASCADE,
  -- What is asked stands in the notification.
  content boolean NOT NULL,
  -- Is told when an entry was decided.
  closing boolean NOT NULL,
  created_at timestamptz NOT NULL,
  last_sent_at timestamptz,
  last_error text,
  CHECK (device_id IS NULL OR session_id IS NULL)
);
CREATE INDEX push_subscriptions_by_device ON push_subscriptions (device_id) WHERE device_id IS NOT NULL;
CREATE INDEX push_subscriptions_by_session ON push_subscriptions (session_id) WHERE session_id IS NOT NULL;

-- What was handed to a push service, written before it is handed over: nothing is pushed twice.
CREATE TABLE pushes (
  entry_id text NOT NULL,
  subscription_id text NOT NULL REFERENCES push_subscriptions (id) ON DELETE CASCADE,
  occasion text NOT NULL CHECK (occasion IN ('asked', 'reminded', 'closed')),
  status text NOT NULL CHECK (status IN ('claimed', 'sent', 'failed')),
  claimed_at timestamptz NOT NULL,
  PRIMARY KEY (entry_id, subscription_id, occasion)
);
CREATE INDEX pushes_by_subscription ON pushes (subscription_id);
CREATE INDEX pushes_by_time ON pushes (claimed_at);

-- Each decides one approval as it was when it was pushed. What is kept of it is a hash of 256 random bits.
CREATE TABLE push_tokens (
  token_hash text PRIMARY KEY,
  entry_id text NOT NULL,
  subscription_id text NOT NULL REFERENCES push_subscriptions (id) ON DELETE CASCADE,
  action_hash text NOT NULL,
  decision text NOT NULL CHECK (decision IN ('approve', 'deny')),
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX push_tokens_by_subscription ON push_tokens (subscription_id);
CREATE INDEX push_tokens_by_expiry ON push_tokens (expires_at);

-- Public keys that sign in; the private ones never leave whoever made them.
CREATE TABLE passkeys (
  id text PRIMARY KEY,
  credential_id text NOT NULL UNIQUE,
  public_key bytea NOT NULL,
  -- Grows with each use, where its maker counts at all.
  counter bigint NOT NULL,
  transports jsonb NOT NULL DEFAULT '[]',
  host text NOT NULL,
  name text NOT NULL,
  synced boolean NOT NULL,
  -- Null: it signs in the owner.
  device_id text REFERENCES devices (id) ON DELETE CASCADE,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz
);

-- What a passkey has yet to sign: gone with its first use.
CREATE TABLE passkey_challenges (
  hash text PRIMARY KEY,
  purpose text NOT NULL CHECK (purpose IN ('register', 'sign_in')),
  -- Whom a registration is for: a device's id, or `owner`.
  holder text,
  expires_at timestamptz NOT NULL
);
CREATE INDEX passkey_challenges_by_expiry ON passkey_challenges (expires_at);

-- Files that people gave. The bytes are a blob, and a file in each folder that they were put into.
CREATE TABLE uploads (
  id text PRIMARY KEY,
  hash text NOT NULL,
  name text NOT NULL,
  type text NOT NULL,
  bytes bigint NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX uploads_by_time ON uploads (created_at);
CREATE INDEX uploads_by_hash ON uploads (hash);

CREATE TABLE upload_files (
  upload_id text NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
  folder text NOT NULL,
  path text NOT NULL,
  PRIMARY KEY (upload_id, folder)
);
