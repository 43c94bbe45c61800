"""A newsroom, Arshif beside it, and faults at random, for as long as one likes: `make soak`."""
