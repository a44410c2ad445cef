"""What can be asked, from an actor."""
