"""Database migrations of the app `people`."""
