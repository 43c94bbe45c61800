"""`python -m crawler.cli`: the command, for children that are started by this interpreter."""

from crawler.cli.app import main

main()
