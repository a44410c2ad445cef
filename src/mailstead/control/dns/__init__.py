"""What a domain's DNS should say and what it says: compared, kept, told when it changes."""
