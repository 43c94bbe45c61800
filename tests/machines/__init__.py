"""Four machines on one archive, in the shape of what a person has who runs Arshif on several: `make test-machines`."""
