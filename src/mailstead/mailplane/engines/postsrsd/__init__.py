"""PostSRSd: rewrites the senders of forwarded mail (SRS), and bounces' recipients back."""
