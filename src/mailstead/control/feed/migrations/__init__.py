"""Database migrations of the app `feed`."""
