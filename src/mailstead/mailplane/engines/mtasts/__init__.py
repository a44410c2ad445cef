"""mta-sts-daemon: fetches and keeps the MTA-STS policies of the domains that we send to."""
