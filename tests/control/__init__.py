"""Tests of the control plane; `MAILSTEAD_TEST_DATABASE_URL` puts them on PostgreSQL."""
