"""`python -m murai` is the same as `murai`."""

from murai.cli import main

main()
