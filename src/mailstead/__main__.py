"""`python -m mailstead` is the `mailstead` command."""

from mailstead.cli.main import main

main()
