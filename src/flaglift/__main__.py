"""`python -m flaglift`."""

from flaglift.cli import main

main()
