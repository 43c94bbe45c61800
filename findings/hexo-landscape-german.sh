#!/bin/sh
# Hexo's default theme speaks German in every language that it has no words for, instead of English.
#
# Seen with hexo-theme-landscape 1.1.0 from npm, and Hexo 8.1.2. Its languages/default.yml, which Hexo falls back on, is a
# symbolic link to en.yml in its repository; in the package it is a file with that name as its text. There is no word in it, so
# Hexo goes on to the first language in the alphabet. Titles of lists (`Archiv`, `Kategorie`) are German on an Arabic site, and
# tell whoever guesses a page's language something untrue:
#
#     default.yml: en.yml
#     title of the archive in Arabic: Archiv
#
# Exits 1 when that has changed. Needs Node.js and npm.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"hexo": {}}' >package.json
npm install --silent --ignore-scripts --no-audit --no-fund hexo@8.1.2 hexo-generator-archive@2.0.0 hexo-renderer-ejs@2.0.0 \
    hexo-renderer-marked@7.0.1 hexo-renderer-stylus@3.0.1 hexo-theme-landscape@1.1.0 >/dev/null
mkdir -p source/_posts
printf 'title: Example\nurl: http://localhost.example\ntheme: landscape\nlanguage: ar\ntimezone: UTC\n' >_config.yml
printf -- '---\ntitle: a\ndate: 2024-05-01 10:00:00\n---\nA text.\n' >source/_posts/a.md
node_modules/.bin/hexo generate --silent
said=$(cat node_modules/hexo-theme-landscape/languages/default.yml)
title=$(sed -n 's/.*<title>\([^<|]*[^ <|]\) *|.*/\1/p' public/archives/index.html)
echo "default.yml: $said"
echo "title of the archive in Arabic: $title"
[ "$said" = en.yml ] && [ "$title" = Archiv ]
