"""Log-in abuse: who tries passwords is kept out, and those who live beside them are not."""
