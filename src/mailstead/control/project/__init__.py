"""The assembled control plane: settings, URLs, ASGI, worker; nothing else."""
