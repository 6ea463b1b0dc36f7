"""Tickets of another desk: from Awesome Support's export and from a spreadsheet, with their numbers, once."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from bot.__main__ import main
from bot.importing.found import slug_of
from bot.importing.html import markdown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIG = """
[slack]
[[products]]
id = "intranet"
name = "Intranet"
[[departments]]
id = "it"
name = { en = "IT", fr = "Informatique" }
places = ["slack:C1"]
[[departments.fields]]
id = "room"
name = "Room"
kind = "text"
[[departments.fields]]
id = "colours"
name = "Colours"
kind = "multi-choice"
choices = [{ id = "red", name = "Red" }, { id = "blue", name = "Blue" }]
[[priorities]]
id = "low"
name = "Low"
[[tags]]
id = "vpn"
name = "VPN"
[[statuses]]
id = "waiting"
name = "Waiting for the supplier"
stands_for = "on_hold"
"""


def item(id_: int, type_: str, *, title: str = "", by: str = "marc", body: str = "", at: str = "2019-03-01 10:00:00",
         parent: int = 0, state: str = "publish", more: str = "") -> str:  # fmt: skip
    return f"""<item><title>{title}</title><dc:creator><![CDATA[{by}]]></dc:creator>
<content:encoded><![CDATA[{body}]]></content:encoded><excerpt:encoded><![CDATA[]]></excerpt:encoded>
<wp:post_id>{id_}</wp:post_id><wp:post_date>{at}</wp:post_date><wp:post_date_gmt>{at}</wp:post_date_gmt>
<wp:status>{state}</wp:status><wp:post_parent>{parent}</wp:post_parent><wp:post_type>{type_}</wp:post_type>{more}</item>"""


def meta(key: str, value: str) -> str:
    return (
        f"<wp:postmeta><wp:meta_key>{key}</wp:meta_key><wp:meta_value><![CDATA[{value}]]></wp:meta_value></wp:postmeta>"
    )


def term(domain: str, name: str) -> str:
    return f'<category domain="{domain}" nicename="{name.lower()}"><![CDATA[{name}]]></category>'


TERMS = term("department", "Informatique") + term("product", "Intranet") + term("ticket_priority", "Low")
WXR = f"""<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:wp="http://wordpress.org/export/1.2/">
<channel><title>Support</title><wp:wxr_version>1.2</wp:wxr_version>
<wp:author><wp:author_id>2</wp:author_id><wp:author_login>marc</wp:author_login><wp:author_email>m@x</wp:author_email>
<wp:author_display_name><![CDATA[Marc Dubois]]></wp:author_display_name></wp:author>
<wp:author><wp:author_id>7</wp:author_id><wp:author_login>lea</wp:author_login>
<wp:author_display_name><![CDATA[Léa Martin]]></wp:author_display_name></wp:author>
{item(3, "page", title="Contact")}
{
    item(
        120,
        "ticket",
        title="Intranet &amp; VPN",
        body="<p>Rien ne <strong>marche</strong>.</p><p>*Help*</p>",
        state="queued",
        more=TERMS
        + term("ticket-tag", "VPN")
        + term("ticket-tag", "Old")
        + term("ticket_channel", "Email")
        + term("ticket_type", "Hardware")
        + meta("_wpas_status", "closed")
        + meta("_wpas_assignee", "7")
        + meta("_wpasss_rating", "75")
        + meta("_wpasss_comment", "Quick")
        + meta("_wpas_room", "B 12")
        + meta("_wpas_colours", 'a:2:{i:0;s:3:"Red";i:1;s:4:"Blue";}')
        + meta("_wpas_secondary_assignee", "9")
        + meta("_wpas_ttl_replies", "1"),
    )
}
{item(121, "ticket_reply", by="lea", body="Redémarrez.", at="2019-03-01 11:00:00", parent=120)}
{
    item(
        122,
        "attachment",
        title="capture",
        parent=120,
        more="<wp:attachment_url>https://x/wp-content/uploads/2019/03/shot.png</wp:attachment_url>",
    )
}
{item(123, "ticket_history", parent=120, body="closed")}
{
    item(
        200,
        "ticket",
        title="Écran",
        body="Noir",
        state="waiting",
        at="2019-04-01 09:00:00",
        more=TERMS + meta("_wpas_status", "open"),
    )
}
{
    item(
        201,
        "ticket_reply",
        by="lea",
        body="note",
        at="2019-04-01 09:30:00",
        parent=200,
        more=meta("_wpas_private", "1"),
    )
}
{item(300, "ticket", title="Trash", state="trash", more=TERMS)}
</channel></rss>"""


@pytest.fixture
def take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """`take("wordpress", text, …)` gives the exit status and what was said."""
    monkeypatch.setenv("LANG", "en")
    monkeypatch.setenv("COLUMNS", "300")
    config = tmp_path / "config.toml"
    config.write_text(CONFIG, encoding="utf-8")

    def taken(source: str, text: str, *more: str) -> tuple[int, str]:
        file = tmp_path / "theirs"
        file.write_text(text, encoding="utf-8")
        status = main(["--config", str(config), "import", "--from", source, str(file), *more])
        said = capsys.readouterr()
        return status, said.out + said.err

    return taken


def rows(tmp_path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(tmp_path / "var" / "desk.sqlite3")) as database:
        return database.execute(query).fetchall()


def everything(tmp_path: Path) -> dict[str, list[Any]]:
    """All rows of all tables; of the index of words not in which pieces it lies: whoever opens the database may tell it
    the newest words once more.
    """
    with closing(sqlite3.connect(tmp_path / "var" / "desk.sqlite3")) as database:
        names = [row[1] for row in database.execute("PRAGMA main.table_list") if row[2] in ("table", "shadow")]
        names = [name for name in names if name not in ("ticket_words_data", "ticket_words_idx")]
        found = {name: database.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}
        database.execute("CREATE VIRTUAL TABLE temp.spoken USING fts5vocab(main, ticket_words, instance)")
        return {**found, "ticket_words": database.execute("SELECT DISTINCT term, doc FROM spoken").fetchall()}


def test_awesome_supports_tickets_come_with_their_numbers_once(
    tmp_path: Path, take: Callable[..., tuple[int, str]]
) -> None:
    uploads = tmp_path / "uploads"
    (uploads / "2019" / "03").mkdir(parents=True)
    (uploads / "2019" / "03" / "shot.png").write_bytes(b"png")
    status, said = take("wordpress", WXR, "--uploads", str(uploads), "--dry-run")
    assert (status, "2 tickets are new" in said.replace("\n", " ")) == (0, True)
    assert rows(tmp_path, "SELECT count(*) FROM tickets") == [(0,)]
    for lost in (
        "entries of type 'page' (1)",
        "lines of history (1)",
        "tags that config.toml does not know (1)",
        "values of the field 'ticket_type' (1)",
        "second and third agents (1)",
        'marc = "slack:…"  # Marc Dubois <m@x> (1)',
    ):
        assert lost in said
    status, said = take("wordpress", WXR, "--uploads", str(uploads))
    assert status == 0
    assert rows(tmp_path, "SELECT number, subject, status, house_status, department, tags, channel FROM tickets") == [
        (120, "Intranet & VPN", "closed", "closed", "it", "vpn", "Email"),
        (200, "Écran", "on_hold", "waiting", "it", "", "wordpress"),
    ]
    assert rows(tmp_path, 'SELECT ticket, body, kind, "by" FROM messages ORDER BY id') == [
        (120, "Rien ne **marche**\\.\n\n\\*Help\\*", "reply", "client"),
        (120, "Redémarrez\\.", "reply", "agents"),
        (200, "Noir", "reply", "client"),
        (200, "note", "note", "internal"),
    ]
    assert rows(tmp_path, "SELECT name FROM people ORDER BY id") == [("Marc Dubois",), ("Léa Martin",)]
    assert rows(tmp_path, "SELECT name, size, sha256 FROM attachments") == [
        ("shot.png", 3, hashlib.sha256(b"png").hexdigest())
    ]
    opened = 1551434400 * 10**6  # 2019-03-01 10:00 UTC
    assert rows(tmp_path, "SELECT opened_at, closed_at, last_reply_at FROM tickets WHERE number = 120") == [
        (opened, opened + 3600 * 10**6, opened + 3600 * 10**6)
    ]
    assert rows(tmp_path, "SELECT rating, rating_words, fields FROM tickets WHERE number = 120") == [
        (4, "Quick", '{"room": ["B 12"], "colours": ["red", "blue"]}')
    ]
    assert rows(tmp_path, "SELECT ticket, audience, place, asleep FROM threads ORDER BY ticket") == [
        (120, "agents", "C1", 1),
        (200, "agents", "C1", 1),
    ]
    assert rows(tmp_path, "SELECT count(*) FROM deliveries") == [(0,)]
    kinds = rows(tmp_path, "SELECT kind FROM events WHERE ticket = 120 ORDER BY id")
    assert kinds == [("TicketOpened",), ("MessageSaid",), ("TicketChanged",), ("TicketRated",)]
    assert rows(tmp_path, "SELECT rowid FROM ticket_words WHERE ticket_words MATCH 'redemarrez'") == [(240,)]
    before = everything(tmp_path)
    status, said = take("wordpress", WXR, "--uploads", str(uploads))
    assert (status, "0 tickets are taken in; 2 were there already" in said) == (0, True)
    assert everything(tmp_path) == before


def test_a_number_that_is_anothers_is_refused_and_nothing_comes(
    tmp_path: Path, take: Callable[..., tuple[int, str]]
) -> None:
    head = "number,subject,body,author,at,department,product,priority\n"
    assert take("csv", head + "200,Mine,Words,nora,2026-01-01,it,intranet,low\n")[0] == 0
    before = everything(tmp_path)
    status, said = take("wordpress", WXR)
    assert (status, "Ticket #200 is there already" in said) == (1, True)
    assert everything(tmp_path) == before


def test_what_the_catalogue_does_not_know_is_listed_and_can_be_mapped(
    tmp_path: Path, take: Callable[..., tuple[int, str]]
) -> None:
    text = WXR.replace("Informatique", "Helpdesk")
    status, said = take("wordpress", text)
    assert status == 1
    assert "department: 'Helpdesk' (2)" in said
    mapping = tmp_path / "map.toml"
    mapping.write_text('[values.department]\n"*" = "it"\n[people]\nmarc = "slack:U0MARC"\n', encoding="utf-8")
    assert take("wordpress", text, "--map", str(mapping))[0] == 0
    assert rows(tmp_path, "SELECT channel, key FROM identities ORDER BY id")[0] == ("slack", "U0MARC")


def test_a_spreadsheet_with_its_own_columns_and_words(tmp_path: Path, take: Callable[..., tuple[int, str]]) -> None:
    mapping = tmp_path / "map.toml"
    mapping.write_text(
        '[columns]\nnumber = "ID"\nsubject = "Title"\nstatus = "State"\n[values.status]\n"Parked" = "waiting"\n'
        '[values.department]\n"*" = "it"\n[values.product]\n"*" = "intranet"\n[values.priority]\n"*" = "low"\n',
        encoding="utf-8",
    )
    text = (
        "ID,Title,body,author,at,client,State,kind,agent,closed_at,tags,Mood\n"
        '5,"Screen, black","First\nline",nora,2026-01-01 09:00,nora,Parked,,tom,,vpn,bad\n'
        "5,,Try this,tom,2026-01-01T10:00:00+01:00,,,,,,,\n"
        "5,,Difficult client,tom,2026-01-01 11:00,,,note,,,,\n"
        "6,Done,Words,nora,2026-01-02,,Closed,,,2026-01-03,,\n"
    )
    status, said = take("csv", text, "--map", str(mapping))
    assert status == 0, said
    assert "column 'Mood'" in said
    assert rows(tmp_path, "SELECT number, subject, status, house_status, tags FROM tickets") == [
        (5, "Screen, black", "on_hold", "waiting", "vpn"),
        (6, "Done", "closed", "closed", ""),
    ]
    assert rows(tmp_path, 'SELECT body, kind, "by", at / 1000000 FROM messages WHERE ticket = 5 ORDER BY id') == [
        ("First\nline", "reply", "client", 1767258000),
        ("Try this", "reply", "agents", 1767258000),
        ("Difficult client", "note", "internal", 1767265200),
    ]
    before = everything(tmp_path)
    assert take("csv", text, "--map", str(mapping))[0] == 0
    assert everything(tmp_path) == before


@pytest.mark.parametrize(
    ("source", "text", "reason"),
    (
        ("csv", "number,subject\n", "there is no column 'body'"),
        ("csv", "number,subject,body,author,at\nx,s,b,a,2026-01-01\n", "line 2: 'x' is no ticket's number"),
        ("csv", "number,subject,body,author,at\n1,s,b,a,yesterday\n", "line 2: 'yesterday' is no time"),
        ("wordpress", "<rss><channel></channel></rss>", "no ticket of Awesome Support"),
        ("wordpress", "<rss><channel>", "no WordPress export"),
        ("wordpress", "hello", "no WordPress export"),
    ),
)
def test_what_cannot_be_read_is_said_in_a_line(
    take: Callable[..., tuple[int, str]], source: str, text: str, reason: str
) -> None:
    status, said = take(source, text)
    assert status == 1
    assert reason in said


@pytest.mark.parametrize(
    ("html", "expected"),
    (
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("a\n\nb<br>c", "a\n\nb\\\nc"),
        ('<a href="https://x.example/a">here</a>', "here (https://x\\.example/a)"),
        ('<a href="https://x.example">https://x.example</a>', "https://x\\.example"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<pre>a *b*\n  c</pre>", "```\na *b*\n  c\n```"),
        ("<code>a_b</code> & <em>c</em>", "`a_b` \\& *c*"),
        ("<script>alert(1)</script>x<style>p{}</style>", "x"),
        ("1 < 2", "1 < 2".replace("<", "\\<")),
    ),
)
def test_their_html_is_our_markdown(html: str, expected: str) -> None:
    assert markdown(html) == expected


def test_slugs() -> None:
    assert slug_of("Ressources Humaines & Paie") == "ressources-humaines-paie"
