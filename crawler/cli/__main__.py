"""`python -m crawler.cli`: the same as `arshif`."""

from crawler.cli.app import main

if __name__ == "__main__":
    main()
