"""Importing pages that others archived: WARC and WACZ files, and folders of saved pages, as versions of their time.

1. inputs      what a path or URL is -> files of records     inputs.py, unpacking.py
2. records     a file -> its pages, undamaged ones only      warc_records.py, saved_pages.py
3. plan        which of them are wanted, by their time       page_filter.py, plan.py
4. job         a planned page -> extracted and stored        job.py, raw_records.py
"""
