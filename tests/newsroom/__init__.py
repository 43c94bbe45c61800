"""The newsroom: local news sites, in several languages and manners, that change on command.

`with Newsroom() as room:` opens them; `python -m tests.newsroom` does so for as long as one likes.
"""

from .article import Article, Draft, Image
from .room import Newsroom, Place
from .server import Request

__all__ = ["Article", "Draft", "Image", "Newsroom", "Place", "Request"]
