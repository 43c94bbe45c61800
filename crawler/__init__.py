"""How an article moves: discover, fetch, extract, clean, identify, store. `path.py` tells it in order."""
