#!/bin/sh
# Hexo leaves an empty folder where a post was, so that a web server answers 403 for it and not 404.
#
# Seen with Hexo 8.1.2. Once a post is deleted, `hexo generate` removes its index.html and keeps the folder. nginx
# refuses to list a folder (403), which says nothing of whether there is a page: whoever waits for 404 or 410 to learn that an
# article is gone never does.
#
#     before: public/2024/05/01/a/index.html public/2024/05/01/b/index.html
#     after: public/2024/05/01/b/index.html; empty: public/2024/05/01/a
#
# Exits 1 when that has changed. Needs Node.js and npm.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"hexo": {}}' >package.json
npm install --silent --ignore-scripts --no-audit --no-fund hexo@8.1.2 hexo-renderer-marked@7.0.1 >/dev/null
mkdir -p source/_posts themes/plain/layout
printf 'title: Example\nurl: http://localhost.example\ntheme: plain\ntimezone: UTC\npermalink: :year/:month/:day/:title/\n' >_config.yml
printf 'a text\n' >themes/plain/layout/post.njk
for post in a b; do printf -- '---\ntitle: %s\ndate: 2024-05-01 10:00:00\n---\nA text.\n' "$post" >"source/_posts/$post.md"; done
node_modules/.bin/hexo generate --silent
echo "before:" $(find public -name index.html | sort)
rm source/_posts/a.md
node_modules/.bin/hexo generate --silent
empty=$(find public -type d -empty | sort)
echo "after:" "$(find public -name index.html | sort); empty: $empty"
[ "$empty" = public/2024/05/01/a ]
