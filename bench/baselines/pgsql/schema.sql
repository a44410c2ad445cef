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
