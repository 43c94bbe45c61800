"""Lists of feeds: what a feed reader wrote becomes sites, and sites become what a feed reader reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crawler.cli.opml import export_sites, import_sites
from crawler.config import load
from crawler.errors import ConfigError
from crawler.onboarding.messages import ProposalMessage
from crawler.onboarding.opml import proposals, read, written
from crawler.site_config import Site
from index.model.message import Message

LIST = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>أخبار</title></head><body>
<outline text="سوريا"><outline text="الميناء" title="صحيفة الميناء" type="rss" language="ar_SY"
  xmlUrl="https://www.almina.example/feed/" htmlUrl="https://www.almina.example/"/>
<outline text="الميناء، رياضة" type="rss" xmlUrl="https://almina.example/sport/feed/" htmlUrl="https://almina.example/sport/"/></outline>
<outline text="Le Phare" type="rss" xmlUrl="feed://lephare.fr/rss.xml"/>
<outline text="The Wire" type="rss" xmlUrl="https://feeds.hub.example/wire?a=1&amp;b=2" htmlUrl="https://thewire.co.uk"/>
<outline text="Known" type="rss" xmlUrl="https://www.stepagency-sy.net/feed/other"/>
<outline text="twice" xmlUrl="https://www.almina.example/feed/"/><outline text="script" xmlUrl="javascript:alert(1)"/>
<outline text="a file" xmlUrl="file:///etc/passwd"/><outline text="empty"/>
</body></opml>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "step.yaml").write_text(
        "name: Step\nhomepage: https://stepagency-sy.net\ncountry: SY\nlanguages: [ar]\nsources:\n"
        "- {kind: feed, url: https://www.stepagency-sy.net/feed/}\n- {kind: sitemap, url: https://stepagency-sy.net/s.xml}\n",
        "utf-8",
    )
    return tmp_path


def test_each_outlet_of_a_list_becomes_a_site(folder: Path) -> None:
    made, known = proposals(read(LIST.encode()), load(folder))
    assert [(one.feed, site) for one, site in known] == [("https://www.stepagency-sy.net/feed/other", "step")]
    sites = {proposal.site.id: proposal.site for proposal in made}
    assert list(sites) == ["almina", "lephare", "thewire"]
    almina, phare, wire = sites.values()
    assert (almina.name, almina.languages, len(almina.sources)) == ("صحيفة الميناء", ("ar",), 2)
    assert (phare.country, phare.time_zone, str(phare.sources[0].url)) == (
        "FR",
        "Europe/Paris",
        "https://lephare.fr/rss.xml",
    )
    assert (wire.country, str(wire.sources[0].url)) == ("GB", "https://feeds.hub.example/wire?a=1&b=2")
    assert Message(ProposalMessage.NO_COUNTRY) in made[0].notes


def test_the_files_are_read_as_what_was_proposed(folder: Path) -> None:
    made, _ = proposals(read(LIST.encode()), load(folder))
    (folder / "sites.local").mkdir()
    for proposal in made:
        (folder / "sites.local" / f"{proposal.site.id}.yaml").write_text(proposal.yaml(), "utf-8")
    config = load(folder)
    assert {proposal.site.id: proposal.site for proposal in made}.items() <= config.sites.items()
    again, known = proposals(read(LIST.encode()), config)
    assert again == []
    assert len(known) == 5


def test_what_is_written_is_read_again(folder: Path) -> None:
    sites = [one.site for one in proposals(read(LIST.encode()), load(folder))[0]]
    data = written([*sites, *load(folder).sites.values()])
    assert "صحيفة الميناء" in data.decode()
    found = read(data)
    feeds = [str(source.url) for site in sites for source in site.sources] + ["https://www.stepagency-sy.net/feed/"]
    assert [one.feed for one in found] == feeds
    assert found[0].language == "ar"


def test_sites_come_back_with_their_countries_from_a_list_of_ours(folder: Path) -> None:
    def site(host: str, country: str) -> Site:
        feed = {"kind": "feed", "url": f"https://{host}/feed"}
        return Site(id="a", name=host, homepage=f"https://{host}/", country=country, languages=("ar",), sources=(feed,))  # type: ignore[arg-type]

    sites = [site("mina.example", "LB"), site("rasd.example.co.uk", "SY"), site("nowhere.example", "UN")]
    made, _ = proposals(read(written(sites)), load(folder))
    assert [(one.site.country, one.site.time_zone) for one in made] == [
        ("LB", "Asia/Beirut"),
        ("SY", "Asia/Damascus"),
        ("UN", "UTC"),
    ]


def test_a_category_of_other_readers_is_no_country(folder: Path) -> None:
    outline = '<outline text="a" xmlUrl="https://a.example/f" category="IT,/Tech/TV" language="en"/>'
    (one,) = proposals(read(f"<opml><body>{outline}</body></opml>".encode()), load(folder))[0]
    assert one.site.country == "UN"


def test_two_ports_of_a_host_are_two_sites(folder: Path) -> None:
    feeds = "".join(f'<outline text="t{n}" xmlUrl="http://desk.example:80{n}/feed"/>' for n in (81, 82))
    made, _ = proposals(read(f"<opml><body>{feeds}</body></opml>".encode()), load(folder))
    assert [(one.site.id, len(one.site.sources)) for one in made] == [("desk", 1), ("desk-2", 1)]


def test_names_with_signs_of_xml_stay_as_they_are() -> None:
    site = Site(
        id="a", name='<b> & "c"', homepage="https://a.example/?x=1&y=2", country="SY", languages=("ar",),  # type: ignore[arg-type]
        sources=({"kind": "feed", "url": "https://a.example/f?x=1&y=2"},),  # type: ignore[arg-type]
    )  # fmt: skip
    (one,) = read(written([site]))
    assert (one.title, one.feed) == ('<b> & "c"', "https://a.example/f?x=1&y=2")


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is not XML"),
        ("<opml><body>", "line 1: is not XML"),
        ("\x00\x01", "is not XML"),
        ("<rss version='2.0'/>", "begins with <rss>"),
        ("<opml><body><outline text='a'/></body></opml>", "lists no feed"),
        ("<!DOCTYPE opml SYSTEM 'file:///etc/passwd'><opml/>", "DOCTYPE"),
        (f"<!DOCTYPE opml [<!ENTITY a0 'x'>{LAUGHS}]><opml><outline text='&a11;'/></opml>", "is not XML|DOCTYPE"),
        ("<!DOCTYPE opml [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><opml><outline>&x;</outline></opml>", "DOCTYPE"),
        ("<opml>" + "<outline>" * 5_000, "is not XML"),
    ],
)
def test_what_is_no_list_is_told(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        read(text.encode())


def test_a_list_that_is_too_long_is_told() -> None:
    with pytest.raises(ConfigError, match=r"10\.5 MB"):
        read(b"<opml>" + b" " * (11 << 20))


def test_the_commands(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ARSHIF_CONFIG", str(folder))
    file = folder / "feeds.opml"
    with pytest.raises(ConfigError, match=r"feeds\.opml: cannot be read"):
        import_sites(file, dry_run=False, json=False)
    file.write_text(LIST, "utf-8")
    import_sites(file, dry_run=True, json=True)
    assert [site["id"] for site in json.loads(capsys.readouterr().out)["sites"]] == ["almina", "lephare", "thewire"]
    assert not (folder / "sites.local").exists()
    import_sites(file, dry_run=False, json=False)
    assert "skipped, because step is configured already" in capsys.readouterr().err
    assert {path.stem for path in (folder / "sites.local").iterdir()} == {"almina", "lephare", "thewire"}
    export_sites([], as_opml=False, out=folder / "out.txt", json=False)
    addresses = (folder / "out.txt").read_text("utf-8").splitlines()
    export_sites([], as_opml=True, out=folder / "out.opml", json=False)
    assert [one.feed for one in read((folder / "out.opml").read_bytes())] == addresses
    assert len(read((folder / "out.opml").read_bytes())) == 4  # those of the sites that are crawled
    file.write_text("<html>", "utf-8")
    with pytest.raises(ConfigError, match=r"feeds\.opml: line 1: is not XML"):
        import_sites(file, dry_run=False, json=False)
