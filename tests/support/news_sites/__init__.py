"""The newsroom: local news sites, in several languages and manners, that change on command.

`with Newsroom() as room:` opens them; `python -m tests.support.news_sites` does so for as long as one likes.
"""

from .article import Article, Draft, Image
from .server import Request
from .server_group import Newsroom, Place

__all__ = ["Article", "Draft", "Image", "Newsroom", "Place", "Request"]
