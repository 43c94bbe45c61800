"""A site's file from its address, and what a page or a source gives before it is one."""
