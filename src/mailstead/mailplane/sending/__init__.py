"""By which sending address each message leaves: the choice, its memory, and Postfix's question."""
