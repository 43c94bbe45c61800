"""The pipeline of an article: discover, fetch, extract, clean, identify, store, index; see `stages.py`."""
