"""Dovecot 2.3: IMAP, POP3, ManageSieve, LMTP, SASL, quota, Sieve."""
