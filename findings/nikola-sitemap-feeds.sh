#!/bin/sh
# Nikola's sitemap index names RSS feeds as if they were sitemaps, and its sitemap the redirects of moved posts.
#
# Seen with Nikola 8.3.3. A new site with one post has besides sitemap.xml three feeds in sitemapindex.xml, and gets one
# more for every category, and where there are several authors for each: whoever follows it polls all of them. A page that
# only leads on (REDIRECTIONS) is listed as well, like any other:
#
#     sitemapindex.xml: categories/cat_news.xml galleries/rss.xml rss.xml sitemap.xml
#     sitemap.xml has the redirect: True
#
# Exits 1 when that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check nikola==8.3.3 markdown==3.11.3
PATH="$folder/venv/bin:$PATH"
export LC_ALL=C.UTF-8
cd "$folder"
nikola init -q site >/dev/null 2>&1
cd site
cat >>conf.py <<'CONF'
POSTS = (("posts/*.md", "posts", "post.tmpl"),)
REDIRECTIONS = [("posts/old/index.html", "/posts/new/")]
CONF
cat >posts/new.md <<'POST'
<!--
.. title: A headline
.. slug: new
.. date: 2024-05-01 10:00:00 UTC
.. category: News
.. author: Me
-->

A text.
POST
nikola build -v 0 >/dev/null 2>&1
python - <<'PYTHON'
import re
import sys
from pathlib import Path

named = [loc.split("/", 3)[3] for loc in re.findall("<loc>(.*?)</loc>", Path("output/sitemapindex.xml").read_text())]
listed = "/posts/old/" in Path("output/sitemap.xml").read_text()
print("sitemapindex.xml:", *sorted(named))
print("sitemap.xml has the redirect:", listed)
sys.exit(sum(name.endswith(".xml") and name != "sitemap.xml" for name in named) < 3 or not listed)
PYTHON
