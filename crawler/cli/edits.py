"""arshif edits: what sites changed and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.archive import open_existing_archive
from crawler.cli.options import Json, SeenSince
from crawler.console import print_error, print_json, print_table, say

if TYPE_CHECKING:
    from index.archive.edits import Edit

app = typer.Typer()


@app.command()
def edits(
    site: Annotated[list[str] | None, typer.Option(help="Only of this site (its id); may be repeated.")] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help="Only of this kind: typo, correction, addition, removal (of text), rewrite, headline, authors, "
            "section, dates, or gone (articles no longer on their site); may be repeated."
        ),
    ] = None,
    since: SeenSince = "",
    limit: Annotated[int, typer.Option(min=1, max=100, help="Number of entries to list.")] = 20,
    cursor: Annotated[str | None, typer.Option(help="Continue from the cursor that the previous list printed.")] = None,
    json: Json = False,
) -> None:
    """List what sites changed and removed, newest first.

    Each entry has the number of words removed and added. Where the two versions could not be read by the same rules,
    what differs may be Arshif's doing, and the entry says so.
    """
    from crawler.config import load
    from crawler.text import as_utc
    from index.archive import edits as archived
    from index.archive import site_state
    from index.export.edits import page_fields

    if wrong := [one for one in kind or () if one not in archived.KINDS]:
        raise typer.BadParameter(f"{wrong[0]!r} is not a kind of edit: give any of {', '.join(archived.KINDS)}")
    with open_existing_archive(load(only=())) as archive, archive.read() as conn:
        unknown = site_state.unknown_ids(conn, site or ())
        page = archived.page(conn, limit, sites=site or (), kinds=kind or (), since=as_utc(since), cursor=cursor)
        waiting = archived.count_waiting(conn)
    for one in unknown:
        print_error(f"--site {one}: the archive has no such site; `arshif status` lists its sites")
    if json:
        print_json(page_fields(page))
        return
    if page.edits:
        print_table(
            ("seen", "site", "change", "headline"),
            ((one.at, one.site, _in_words(one), one.headline or one.url) for one in page.edits),
        )
    else:
        say("no edits or removals")
    if kind and waiting:
        say(f"{waiting} versions have not been compared yet, and appear under no kind")
    if page.cursor:
        say(f"more: --cursor {page.cursor}")


def _in_words(edit: Edit) -> str:
    from index.locale import FALLBACK, translate

    if edit.kinds is None:
        return translate("change.waiting", FALLBACK)
    told = ", ".join(translate(f"change.{kind}", FALLBACK) for kind in edit.kinds)
    counts = [f"{sign}{n}" for sign, n in (("-", edit.removed), ("+", edit.added)) if n]
    ours = f"; {translate('change.perhaps_ours', FALLBACK)}" if edit.maybe_ours else ""
    notice = f"; in its place: {edit.notice.text}" if edit.notice and edit.notice.text else ""
    return told + (f" ({' '.join(counts)} words)" if counts else "") + ours + notice
