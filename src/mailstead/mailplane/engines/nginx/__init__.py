"""nginx: TLS and static files in front of the panel and the API."""
