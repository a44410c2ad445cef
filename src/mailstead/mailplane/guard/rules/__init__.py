"""The guard's rules, one question to a file: a sighting in, a decision or nothing out."""
