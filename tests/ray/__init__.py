"""Large jobs on a Ray cluster of nodes on this machine, one of which dies: `make test-ray`."""
