"""Database migrations of the app `hosting`."""
