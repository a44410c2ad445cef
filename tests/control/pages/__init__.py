"""The pages of the panel, as their readers ask for them."""
