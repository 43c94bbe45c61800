"""The values that every part of Arshif shares, in terms of the standard library alone."""
