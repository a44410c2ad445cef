"""Rspamd 3.4: spam scan in and out, DKIM signing, greylisting."""
