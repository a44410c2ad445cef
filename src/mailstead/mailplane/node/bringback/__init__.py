"""What has come into a mailbox since a move was switched goes to the old server (BringBackPut)."""
