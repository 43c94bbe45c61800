"""Wagtail with the site of its tutorial, "Your first Wagtail site", and its sitemap, behind gunicorn and nginx."""

from __future__ import annotations

import html
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from tests.support.pictures import png
from tests.systems.commands import run
from tests.systems.generators import NAME, PICTURE
from tests.systems.posts import Post
from tests.systems.web_server import Asked, Nginx, free_port

SETTINGS = """
INSTALLED_APPS += ["blog", "django.contrib.sitemaps", "wagtail.contrib.sitemaps"]
WAGTAIL_SITE_NAME = "{name}"
"""
URLS = """
from wagtail.contrib.sitemaps.views import sitemap
urlpatterns = [path("sitemap.xml", sitemap)] + urlpatterns
"""
MODELS = """
from django.db import models
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from taggit.models import TaggedItemBase
from wagtail.fields import RichTextField
from wagtail.models import Orderable, Page
from wagtail.snippets.models import register_snippet


class BlogIndexPage(Page):
    intro = RichTextField(blank=True)

    def get_context(self, request):
        context = super().get_context(request)
        context["blogpages"] = self.get_children().live().order_by("-first_published_at")
        return context


class BlogPageTag(TaggedItemBase):
    content_object = ParentalKey("BlogPage", related_name="tagged_items", on_delete=models.CASCADE)


@register_snippet
class Author(models.Model):
    name = models.CharField(max_length=255)


class BlogPage(Page):
    date = models.DateField("Post date")
    intro = models.CharField(max_length=250, blank=True)
    body = RichTextField(blank=True)
    authors = ParentalManyToManyField("blog.Author", blank=True)
    tags = ClusterTaggableManager(through=BlogPageTag, blank=True)


class BlogPageGalleryImage(Orderable):
    page = ParentalKey(BlogPage, on_delete=models.CASCADE, related_name="gallery_images")
    image = models.ForeignKey("wagtailimages.Image", on_delete=models.CASCADE, related_name="+")
    caption = models.CharField(blank=True, max_length=250)
"""
HOME = """
{% extends "base.html" %}
{% load wagtailcore_tags %}
{% block content %}<h1>{{ page.title }}</h1>{% for one in page.get_children.live %}
<a href="{% pageurl one %}">{{ one.title }}</a>{% endfor %}{% endblock %}
"""
INDEX = """
{% extends "base.html" %}
{% load wagtailcore_tags %}
{% block body_class %}template-blogindexpage{% endblock %}
{% block content %}
    <h1>{{ page.title }}</h1>
    <div class="intro">{{ page.intro|richtext }}</div>
    {% for post in blogpages %}
        {% with post=post.specific %}
            <h2><a href="{% pageurl post %}">{{ post.title }}</a></h2>
            <p>{{ post.intro }}</p>
            {{ post.body|richtext }}
        {% endwith %}
    {% endfor %}
{% endblock %}
"""
PAGE = """
{% extends "base.html" %}
{% load wagtailcore_tags wagtailimages_tags %}
{% block body_class %}template-blogpage{% endblock %}
{% block content %}
    <h1>{{ page.title }}</h1>
    <p class="meta">{{ page.date }}</p>
    {% with authors=page.authors.all %}
        {% if authors %}
            <h3>Posted by:</h3>
            <ul>
                {% for author in authors %}
                    <li style="display: inline">
                        {{ author.name }}
                    </li>
                {% endfor %}
            </ul>
        {% endif %}
    {% endwith %}
    <div class="intro">{{ page.intro }}</div>
    {{ page.body|richtext }}
    {% for item in page.gallery_images.all %}
        <div style="float: inline-start; margin: 10px">
            {% image item.image fill-320x240 %}
            <p>{{ item.caption }}</p>
        </div>
    {% endfor %}
    <p><a href="{{ page.get_parent.url }}">Return to blog</a></p>
    {% with tags=page.tags.all %}
        {% if tags %}
            <div class="tags">
                <h3>Tags</h3>
                {% for tag in tags %}
                    <a href="/tags/?tag={{ tag }}"><button type="button">{{ tag }}</button></a>
                {% endfor %}
            </div>
        {% endif %}
    {% endwith %}
{% endblock %}
"""
# Brings the site to what the posts in a file (JSON) say, as an editor does it
SCRIPT = """
import json, os, sys
from datetime import datetime, timedelta
os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings.dev"
import django
django.setup()
from django.core.files.images import ImageFile
from django.utils import timezone
from wagtail.images.models import Image
from wagtail.models import PageViewRestriction, Site
from blog.models import Author, BlogIndexPage, BlogPage, BlogPageGalleryImage
from home.models import HomePage

wanted = json.load(open(sys.argv[1]))
Site.objects.update(hostname="127.0.0.1", port=wanted["port"], site_name=wanted["name"])
home, index = HomePage.objects.get(), BlogIndexPage.objects.first()
if index is None:
    index = home.add_child(instance=BlogIndexPage(title="Blog", slug="blog"))
kept = []
for one in wanted["posts"]:
    page = BlogPage.objects.filter(slug__in=[one["path"], one["before"]]).first()
    new = page is None
    page = page or BlogPage()
    same = (page.slug, page.body, page.date and page.date.isoformat()) == (one["path"], one["body"], one["date"])
    if new or not same:
        page.title, page.slug, page.date = one["headline"], one["path"], datetime.fromisoformat(one["date"]).date()
        page.intro, page.body, page.live = one["intro"], one["body"], not one["scheduled"]
        page.go_live_at = timezone.now() + timedelta(days=1) if one["scheduled"] else None
        page = index.add_child(instance=page) if new else page
        page.authors = [Author.objects.get_or_create(name=one["author"])[0]]
        page.tags.add(one["section"])
        if new and one["picture"]:
            image = Image.objects.create(title="harbour", file=ImageFile(open(one["picture"], "rb"), one["picture"]))
            page.gallery_images.add(BlogPageGalleryImage(image=image))
        page.save_revision().publish()
        if new and one["locked"]:
            PageViewRestriction.objects.create(page=page, restriction_type="password", password="secret")
    kept.append(page.pk)
for gone in BlogPage.objects.exclude(pk__in=kept):
    gone.delete()
"""


class Wagtail:
    """The site, in the English of the template that `wagtail start` writes. `stop` ends all."""

    name = "Wagtail"
    picture = Path(PICTURE).stem
    language = "en"
    shows = frozenset(("author",))
    takes_away = locks = True
    validates = False
    to_the_minute = False  # the tutorial's posts have a day

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder, self.port = programs, folder, free_port()
        self.server = Nginx(behind=self.port)
        self.home = self.server.home
        self._site: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Set all up and start it."""
        self._run("wagtail", "start", "mysite", ".")
        self._run("python", "manage.py", "startapp", "blog")
        with (self.folder / "mysite" / "settings" / "base.py").open("a", encoding="utf-8") as file:
            file.write(SETTINGS.format(name=NAME[self.language]))
        with (self.folder / "mysite" / "urls.py").open("a", encoding="utf-8") as file:
            file.write(URLS)
        templates = {"home/home_page": HOME, "blog/blog_index_page": INDEX, "blog/blog_page": PAGE}
        for name, text in templates.items():
            template = self.folder / name.partition("/")[0] / "templates" / f"{name}.html"
            template.parent.mkdir(parents=True, exist_ok=True)
            template.write_text(text.lstrip(), "utf-8")
        (self.folder / "blog" / "models.py").write_text(MODELS, "utf-8")
        (self.folder / "wanted.py").write_text(SCRIPT, "utf-8")
        (self.folder / PICTURE).write_bytes(png(600, 400))
        self._run("python", "manage.py", "makemigrations", "blog")
        self._run("python", "manage.py", "migrate", "--noinput")
        self.show([])
        command = [str(self.programs / "gunicorn"), "-b", f"127.0.0.1:{self.port}", "mysite.wsgi:application"]
        self._site = subprocess.Popen(command, cwd=self.folder, env={**os.environ, "HOME": str(self.folder)})
        self.server.start({})

    def show(self, posts: Sequence[Post]) -> None:
        """Show these posts: those that are there are published anew where they differ, and others are deleted."""
        rows = [
            {
                "headline": post.headline,
                "intro": post.body[0] if len(post.body[0]) <= 250 else "",
                "body": "".join(f"<p>{html.escape(text)}</p>" for text in post.body[len(post.body[0]) <= 250 :]),
                "path": post.path,
                "before": post.moved_from or post.path,
                "author": post.author,
                "section": post.section,
                "date": post.published.date().isoformat(),
                "scheduled": post.is_scheduled,
                "locked": post.fate == "locked",
                "picture": PICTURE if post.fate == "picture" else "",
            }
            for post in posts
        ]
        told = {"port": self.server.port, "name": NAME[self.language], "posts": rows}
        (self.folder / "wanted.json").write_text(json.dumps(told), "utf-8")
        self._run("python", "wanted.py", "wanted.json")

    def url(self, post: Post) -> str:
        """The path of a post in the site's URLs, as it was first."""
        return f"/blog/{post.before.path}/"

    def asked(self) -> list[Asked]:
        """What was asked for since the last look."""
        return self.server.asked()

    @property
    def versions(self) -> str:
        """Its version and nginx's."""
        found = metadata.distributions(
            name="wagtail", path=[str(one) for one in self.programs.parent.glob("lib/*/site-packages")]
        )
        return f"{next(iter(found)).version} behind nginx {self.server.version}"

    def stop(self) -> None:
        """End both servers, and remove what was served."""
        self.server.stop()
        if self._site is not None:
            self._site.terminate()
            self._site.wait()
        self.server.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, command: str, *arguments: str) -> None:
        path = f"{self.programs}:{os.environ['PATH']}"
        run(self.programs / command, *arguments, cwd=self.folder, PATH=path)
