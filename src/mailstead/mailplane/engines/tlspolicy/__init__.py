"""Our own server of TLS policies: how Postfix must secure the way to a domain."""
