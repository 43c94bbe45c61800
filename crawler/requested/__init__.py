"""Addresses that people ask to have fetched now, whatever the schedule: `arshif archive`, the page and the API.

Sites that people want to add are looked at in the same way (`previewer.py`).

A request goes into a queue in the archive (`index.archive.requests`), by `desk.py`. What waits there is fetched by
`fetcher.py`: in the command itself, or in a child of the daemon or of `arshif serve`.
"""
