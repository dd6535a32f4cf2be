"""`python -m handover`, for where the command itself is not on the path."""

from handover.cli import main

main()
