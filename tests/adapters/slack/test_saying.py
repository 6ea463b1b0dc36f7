"""What the desk says in Slack: once, in as many messages as it takes, and changed or withdrawn later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from adapters.port import ChannelError, Denied, Gone, Recall, Rejected, Throttled, Unavailable
from adapters.ui import Author, Card, FileOut, Post
from desk.model import AccountRef, MessageRef, PlaceRef, ThreadRef
from tests.adapters.slack.conftest import ADA, LEA, LOBBY, SUPPORT, words

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.port import Opened
    from adapters.slack.channel import SlackChannel
    from tests.adapters.slack.conftest import Workspace

PLACE = PlaceRef("slack", SUPPORT)
LONG = "\n\n".join(f"Paragraph {number}: " + "word " * 100 for number in range(20))


async def a_thread(channel: SlackChannel) -> Opened:
    return await channel.open_thread(PLACE, "#1 · Printer", Post(card=Card("Printer")), key="open-1", recall=None)


async def in_thread(workspace: Workspace, thread: ThreadRef) -> list[dict[str, Any]]:
    where, _, ts = thread.key.partition(":")
    return (await workspace.messages(where, ts))[1:]


def stored(folder: Path, name: str, data: bytes) -> FileOut:
    path = folder / "stored"
    path.mkdir(exist_ok=True)
    (path / name).write_bytes(data)
    return FileOut(name, "text/plain", len(data), path / name)


async def test_a_reply_shows_its_author_and_cannot_ping(workspace: Workspace, channel: SlackChannel) -> None:
    opened = await a_thread(channel)
    post = Post(body="Look, <!channel> and <@U0ADA> & **bold**", author=Author("Léa <!here>", "Client"), mark="edited")
    (ref,) = await channel.post(opened.thread, post, key="k", recall=None)
    (message,) = await in_thread(workspace, opened.thread)
    assert ref == MessageRef("slack", f"{SUPPORT}:{message['ts']}")
    assert words(message) == "Léa <!here> · Client · edited\nLook, <!channel> and <@U0ADA> & bold"
    assert "<!" not in str(message["text"])
    assert {block["type"] for block in message["blocks"]} == {"rich_text"}


async def test_long_words_become_several_messages_in_order(workspace: Workspace, channel: SlackChannel) -> None:
    opened = await a_thread(channel)
    refs = await channel.post(opened.thread, Post(body=LONG, author=Author("Léa")), key="k", recall=None)
    messages = await in_thread(workspace, opened.thread)
    assert [ref.key.partition(":")[2] for ref in refs] == [message["ts"] for message in messages]
    assert len(refs) == 4
    said = "".join(words(message) for message in messages)
    assert [said.index(f"Paragraph {number}:") for number in range(20)] == sorted(
        said.index(f"Paragraph {number}:") for number in range(20)
    )


async def test_a_post_whose_answer_was_lost_is_not_said_twice(workspace: Workspace, channel: SlackChannel) -> None:
    opened = await a_thread(channel)
    post = Post(body=LONG, author=Author("Léa"))
    await workspace.do("fault", kind="rate_limited", match="users.info", times=0)
    await workspace.do("fault", kind="lost_answer", match="chat.postMessage", times=1)
    with pytest.raises(Unavailable):
        await channel.post(opened.thread, post, key="k", recall=None)
    assert len(await in_thread(workspace, opened.thread)) == 1
    refs = await channel.post(opened.thread, post, key="k", recall=Recall(opened.card))
    messages = await in_thread(workspace, opened.thread)
    assert [ref.key.partition(":")[2] for ref in refs] == [message["ts"] for message in messages]
    assert len(messages) == 4
    again = await channel.post(opened.thread, post, key="k", recall=Recall(None))
    assert again == refs
    other = await channel.post(opened.thread, post, key="another", recall=Recall(None))
    assert not set(other) & set(refs)


async def test_files_are_shared_after_the_words_and_not_twice(
    workspace: Workspace, channel: SlackChannel, tmp_path: Path
) -> None:
    opened = await a_thread(channel)
    files = (stored(tmp_path, "a.txt", b"one"), stored(tmp_path, "b.txt", b"two"))
    post = Post(body="see", author=Author("Léa"), files=files)
    await workspace.do("fault", kind="lost_answer", match="files.completeUploadExternal", times=1)
    with pytest.raises(Unavailable):
        await channel.post(opened.thread, post, key="k", recall=None)
    refs = await channel.post(opened.thread, post, key="k", recall=Recall(opened.card))
    text, share = await in_thread(workspace, opened.thread)
    assert words(text) == "Léa\nsee"
    assert [file["name"] for file in share["files"]] == ["a.txt", "b.txt"]
    assert [workspace.sandbox.app.workspace.contents[file["id"]] for file in share["files"]] == [b"one", b"two"]
    assert len(refs) == 2
    for ref in refs:
        await channel.delete(ref)
        await channel.delete(ref)  # gone already: nothing happens
    assert await in_thread(workspace, opened.thread) == []


async def test_a_stored_file_that_is_missing_is_refused_before_anything_is_shared(
    workspace: Workspace, channel: SlackChannel, tmp_path: Path
) -> None:
    opened = await a_thread(channel)
    missing = FileOut("x", "text/plain", 1, tmp_path / "missing")
    with pytest.raises(Rejected):
        await channel.post(opened.thread, Post(files=(missing,)), key="k", recall=None)
    assert await in_thread(workspace, opened.thread) == []


async def test_a_thread_is_opened_once_and_completed_on_a_second_attempt(
    workspace: Workspace, channel: SlackChannel, tmp_path: Path
) -> None:
    first = Post(card=Card("Printer", body="It jams"), files=(stored(tmp_path, "a.txt", b"one"),))
    await workspace.do("fault", kind="lost_answer", match="chat.postMessage", times=1)
    with pytest.raises(Unavailable):
        await channel.open_thread(PLACE, "#1 · <Printer>", first, key="o", recall=None)
    opened = await channel.open_thread(PLACE, "#1 · <Printer>", first, key="o", recall=Recall(None))
    again = await channel.open_thread(PLACE, "#1 · <Printer>", first, key="o", recall=Recall(None))
    (root,) = await workspace.messages(SUPPORT)
    (share,) = await in_thread(workspace, opened.thread)
    assert opened == again
    assert opened.card.key == opened.thread.key == f"{SUPPORT}:{root['ts']}"
    assert root["text"] == "#1 · &lt;Printer&gt;"
    assert [file["name"] for file in share["files"]] == ["a.txt"]


async def test_a_thread_for_one_person_is_in_their_direct_message(workspace: Workspace, channel: SlackChannel) -> None:
    card = Post(card=Card("Printer"))
    opened = await channel.open_thread(AccountRef("slack", LEA), "#1 · Printer", card, key="o", recall=None)
    direct = await workspace.dm(LEA)
    assert opened.thread.key.startswith(f"{direct}:")


async def test_a_card_is_changed_in_its_place(workspace: Workspace, channel: SlackChannel) -> None:
    opened = await a_thread(channel)
    await channel.edit(opened.card, Post(card=Card("Printer", footer="closed")))
    (root,) = await workspace.messages(SUPPORT)
    assert words(root) == "Printerclosed"


async def test_revised_words_grow_and_shrink(workspace: Workspace, channel: SlackChannel, tmp_path: Path) -> None:
    opened = await a_thread(channel)
    post = Post(body="short", author=Author("Léa"), files=(stored(tmp_path, "a.txt", b"one"),))
    parts = await channel.post(opened.thread, post, key="k", recall=None)
    longer = await channel.revise(opened.thread, parts, Post(body=LONG, author=Author("Léa")), key="k2", recall=None)
    assert (longer[0], longer[-1], len(longer)) == (parts[0], parts[1], 5)
    same = await channel.revise(
        opened.thread, parts, Post(body=LONG, author=Author("Léa")), key="k2", recall=Recall(opened.card)
    )
    assert same == longer
    shorter = await channel.revise(opened.thread, longer, Post(body="brief"), key="k3", recall=None)
    assert shorter == parts
    text, share = await in_thread(workspace, opened.thread)
    assert words(text) == "brief"
    assert share["files"]


async def test_a_notice_is_small_and_says_what_it_says(workspace: Workspace, channel: SlackChannel) -> None:
    opened = await a_thread(channel)
    notice = Post(body=r"Léa set *priority* to \*high\* <!channel>", quiet=True)
    await channel.post(opened.thread, notice, key="k", recall=None)
    (message,) = await in_thread(workspace, opened.thread)
    (block,) = message["blocks"]
    assert block["type"] == "context"
    assert "<!" not in words(message)
    assert "_priority_" in words(message)


@pytest.mark.parametrize(
    ("fault", "expected"),
    (
        ({"kind": "rate_limited", "retry_after": 7}, Throttled),
        ({"kind": "server_error", "status": 503}, Unavailable),
        ({"kind": "lost_answer"}, Unavailable),
    ),
)
async def test_troubles_on_the_way_have_their_class(
    workspace: Workspace, channel: SlackChannel, fault: dict[str, object], expected: type[ChannelError]
) -> None:
    opened = await a_thread(channel)
    await workspace.do("fault", match="chat.postMessage", times=1, **fault)
    with pytest.raises(expected) as caught:
        await channel.post(opened.thread, Post(body="x"), key="k", recall=None)
    if isinstance(caught.value, Throttled):
        assert caught.value.retry_after == 7


async def test_where_we_cannot_speak_the_reason_has_its_class(workspace: Workspace, channel: SlackChannel) -> None:
    opened = await a_thread(channel)
    with pytest.raises(Denied):
        await channel.open_thread(PlaceRef("slack", LOBBY), "#2", Post(body="x"), key="k", recall=None)
    with pytest.raises(Gone):
        await channel.open_thread(PlaceRef("slack", "C0NONE"), "#2", Post(body="x"), key="k", recall=None)
    with pytest.raises(Gone):
        await channel.edit(MessageRef("slack", f"{SUPPORT}:1.000001"), Post(body="x"))
    with pytest.raises(Gone):
        await channel.profile(AccountRef("slack", "U0NONE"))
    await workspace.do("archive", channel=SUPPORT)
    with pytest.raises(Gone):
        await channel.post(opened.thread, Post(body="x"), key="k", recall=None)


async def test_an_agents_message_is_not_ours_to_withdraw(workspace: Workspace, channel: SlackChannel) -> None:
    said = await workspace.do("say", user=ADA, channel=SUPPORT, text="mine")
    with pytest.raises(Denied):
        await channel.delete(MessageRef("slack", f"{SUPPORT}:{said['ts']}"))


async def test_more_files_than_one_message_takes_are_shared_in_several_and_not_twice(
    workspace: Workspace, channel: SlackChannel, tmp_path: Path
) -> None:
    opened = await a_thread(channel)
    post = Post(files=tuple(stored(tmp_path, f"{number}.txt", b"x") for number in range(12)))
    refs = await channel.post(opened.thread, post, key="k", recall=None)
    assert await channel.post(opened.thread, post, key="k", recall=Recall(opened.card)) == refs
    assert [len(message["files"]) for message in await in_thread(workspace, opened.thread)] == [10, 2]


# --- outside threads --------------------------------------------------------------------------------------------


async def test_an_announcement_is_said_once_and_pinned(
    workspace: Workspace, channel: SlackChannel, tmp_path: Path
) -> None:
    post = Post(card=Card("Need help?"), files=(stored(tmp_path, "a.txt", b"one"),))
    await workspace.do("fault", kind="lost_answer", match="chat.postMessage", times=1)
    with pytest.raises(Unavailable):
        await channel.announce(PLACE, Post(card=Card("Need help?")), key="a", pin=True)
    ref = await channel.announce(PLACE, Post(card=Card("Need help?")), key="a", pin=True)
    assert await channel.announce(PLACE, Post(card=Card("Need help?")), key="a", pin=True) == ref
    (pinned,) = await workspace.do("pins", channel=SUPPORT)
    assert ref.key == f"{SUPPORT}:{pinned['ts']}"
    other = await channel.announce(PLACE, post, key="b")
    assert other != ref
    assert [len(message.get("files", ())) for message in await workspace.messages(SUPPORT)] == [0, 0, 1]
    with pytest.raises(Denied):
        await channel.announce(PlaceRef("slack", LOBBY), post, key="c")


async def test_a_whisper_stands_beside_its_message_or_else_is_a_direct_message(
    workspace: Workspace, channel: SlackChannel, tmp_path: Path
) -> None:
    opened = await a_thread(channel)
    await channel.post(opened.thread, Post(body="first"), key="k", recall=None)
    reply = (await in_thread(workspace, opened.thread))[0]
    near = MessageRef("slack", f"{SUPPORT}:{reply['ts']}")
    ada, lea = AccountRef("slack", ADA), AccountRef("slack", LEA)
    assert await channel.whisper(ada, Post(body="psst"), key="w", near=near) is None
    (told,) = await workspace.do("ephemerals", user=ADA)
    assert (told["thread_ts"], words(told)) == (opened.thread.key.partition(":")[2], "psst")
    # Léa is not in that channel; and a file cannot be shown to one person there.
    to_lea = await channel.whisper(lea, Post(body="psst"), key="w", near=near)
    to_ada = await channel.whisper(ada, Post(files=(stored(tmp_path, "a.txt", b"one"),)), key="w2", near=near)
    (direct,) = await workspace.messages(await workspace.dm(LEA))
    assert to_lea == MessageRef("slack", f"{await workspace.dm(LEA)}:{direct['ts']}")
    assert to_ada is not None
    (shared,) = await workspace.messages(await workspace.dm(ADA))
    assert [file["name"] for file in shared["files"]] == ["a.txt"]
    await channel.delete(to_ada)
    assert await workspace.messages(await workspace.dm(ADA)) == []


async def test_a_quote_of_what_is_gone_or_out_of_reach_says_so(workspace: Workspace, channel: SlackChannel) -> None:
    opened = await a_thread(channel)
    await channel.post(opened.thread, Post(body="first"), key="k", recall=None)
    quote = await channel.quote(MessageRef("slack", opened.thread.key))
    assert (quote.author, quote.name) == (None, "Helpthread")
    await channel.delete(opened.card)  # a root with replies leaves a tombstone
    for key, expected in ((opened.thread.key, Gone), (f"{SUPPORT}:1.000001", Gone), ("C0NONE:1.000001", Gone)):
        with pytest.raises(expected):
            await channel.quote(MessageRef("slack", key))
    said = await workspace.do("say", user=ADA, channel=LOBBY, text="not for bots")
    with pytest.raises(Denied):
        await channel.quote(MessageRef("slack", f"{LOBBY}:{said['ts']}"))
