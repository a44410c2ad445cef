"""The control plane: the only source of truth (Django)."""
