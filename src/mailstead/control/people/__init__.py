"""Who acts, and what was done by whom: the actor and the audit trail."""
