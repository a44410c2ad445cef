"""The plan of a move: from what was found and what the house has to one row for each thing."""
