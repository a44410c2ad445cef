"""What is known of cases, blocks and breached passwords."""
