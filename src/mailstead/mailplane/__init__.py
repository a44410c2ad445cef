"""What runs on every mail node; knows nothing of Django."""
