-- What a hosting panel keeps for Postfix and Dovecot, with the indexes that every look-up needs.
CREATE TABLE domain (name text PRIMARY KEY);
CREATE TABLE mailbox (
  address text PRIMARY KEY,
  domain text NOT NULL REFERENCES domain,
  secret text NOT NULL,
  credential integer NOT NULL DEFAULT 1,
  quota bigint NOT NULL DEFAULT 1073741824,
  login boolean NOT NULL DEFAULT true,
  sending boolean NOT NULL DEFAULT true,
  receiving boolean NOT NULL DEFAULT true
);
CREATE TABLE alias (address text PRIMARY KEY, destination text NOT NULL);
CREATE TABLE transport (address text PRIMARY KEY, nexthop text NOT NULL);
CREATE TABLE usage (
  username text PRIMARY KEY,
  bytes bigint NOT NULL DEFAULT 0,
  messages bigint NOT NULL DEFAULT 0
);
-- Dovecot's dictionary inserts; PostgreSQL needs to be told that an update is meant.
CREATE FUNCTION usage_merge() RETURNS trigger AS $$
BEGIN
  UPDATE usage SET bytes = CASE WHEN NEW.bytes > 0 THEN NEW.bytes ELSE bytes END,
    messages = CASE WHEN NEW.messages > 0 THEN NEW.messages ELSE messages END
    WHERE username = NEW.username;
  RETURN CASE WHEN FOUND THEN NULL ELSE NEW END;
END
$$ LANGUAGE plpgsql;
CREATE TRIGGER usage_merge BEFORE INSERT ON usage FOR EACH ROW EXECUTE FUNCTION usage_merge();
