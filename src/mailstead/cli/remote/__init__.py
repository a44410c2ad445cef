"""Commands over HTTP: the same questions and acts, asked of another machine's API."""
