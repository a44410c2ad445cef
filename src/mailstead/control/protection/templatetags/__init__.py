"""Tags of protection for the pages of the apps below."""
