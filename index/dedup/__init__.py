"""Whether two texts are the same, and what an edit changed."""
