"""The installation store as slack-sdk's users know it; seals; and whose an envelope is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from slack_bolt.error import BoltError
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.oauth.installation_store import Installation

from adapters.slack.guests import Guest, Guests, team_of
from adapters.slack.oauth import SealBroken, Sealer, States, Store

if TYPE_CHECKING:
    from datetime import timedelta

OLD, NEW = "0f" * 32, "a5" * 32


class Kept:
    """The record, in memory."""

    def __init__(self) -> None:
        self.houses: dict[str, str] = {}
        self.states: set[str] = set()

    async def keep(self, house: str, name: str, sealed: str) -> None:
        self.houses[house] = sealed

    async def drop(self, house: str) -> None:
        self.houses.pop(house, None)

    async def sealed(self, house: str) -> str | None:
        return self.houses.get(house)

    async def issue(self, digest: str, lives: timedelta) -> None:
        self.states.add(digest)

    async def consume(self, digest: str) -> bool:
        known = digest in self.states
        self.states.discard(digest)
        return known


def installation(**changes: Any) -> Installation:
    made = {"team_id": "T1", "team_name": "Acme", "bot_token": "xoxb-secret", "bot_id": "B1", "bot_user_id": "U1"}
    return Installation(user_id="U2", bot_scopes=["chat:write"], **(made | changes))


async def test_what_is_saved_is_found_again_sealed_and_deleted() -> None:
    kept = Kept()
    store = Store(kept, Sealer([OLD]))
    await store.async_save(installation())
    assert "xoxb" not in kept.houses["T1"]
    bot = await store.async_find_bot(enterprise_id=None, team_id="T1")
    assert bot is not None
    assert (bot.bot_token, bot.bot_user_id, bot.team_id) == ("xoxb-secret", "U1", "T1")
    assert await store.async_find_bot(enterprise_id=None, team_id="T2") is None
    await store.async_delete_installation(
        enterprise_id=None, team_id="T1", user_id="U2"
    )  # somebody's own: there is none
    assert set(kept.houses) == {"T1"}
    await store.async_delete_all(enterprise_id=None, team_id="T1")
    assert kept.houses == {}


async def test_whole_organisations_and_strangers_are_refused() -> None:
    store = Store(Kept(), Sealer([OLD]), ["T1"])
    for odd in (installation(team_id=None), installation(is_enterprise_install=True), installation(team_id="T2")):
        with pytest.raises(BoltError):
            await store.async_save(odd)


async def test_a_state_is_on_record_as_its_digest_only() -> None:
    kept = Kept()
    states = States(kept)
    state = await states.async_issue()
    assert state not in kept.states
    assert [await states.async_consume(each) for each in (state, state, "forged")] == [True, False, False]


def test_a_key_is_changed_while_the_old_one_still_opens() -> None:
    sealed = Sealer([OLD]).seal("xoxb-é")
    assert Sealer([NEW, OLD]).open(sealed) == "xoxb-é"
    assert Sealer([NEW]).open(Sealer([NEW, OLD]).seal("x")) == "x"
    for broken in (sealed, sealed[:-4] + "AAAA", "no seal"):
        with pytest.raises(SealBroken):
            Sealer([NEW]).open(broken)


@pytest.mark.parametrize(
    ("body", "team"),
    (
        ({"team_id": "T1"}, "T1"),
        ({"team_id": "T9", "authorizations": [{"team_id": "T1"}]}, "T1"),
        ({"team": {"id": "T1"}, "user": {"team_id": "T9"}}, "T1"),
        ({"team_id": None, "team": None, "authorizations": None}, ""),
        ({"authorizations": ["x"], "team": "x", "team_id": 7}, ""),
        ("nothing", ""),
    ),
)
def test_whose_an_envelope_is(body: Any, team: str) -> None:
    assert team_of(body) == team


async def test_a_guests_envelope_is_its_own_and_nobodys_is_delivered_again() -> None:
    guests, left, heard = Guests(), list[str](), list[Any]()

    async def receive(asked: AsyncBoltRequest) -> BoltResponse:
        heard.append(asked.body["event"])
        return BoltResponse(status=200)

    async def gone(team: str) -> None:
        left.append(team)

    def asked(**event: Any) -> AsyncBoltRequest:
        return AsyncBoltRequest(mode="socket_mode", body={"event": event})

    guests.when_left(gone)
    with guests.at("T1", Guest(receive, lambda _briefly: None)):
        assert (await guests.receive("T1", asked(type="message"))).status == 200
        people = asked(type="tokens_revoked", tokens={"oauth": ["U5"], "bot": []})
        await guests.receive("T1", people)  # somebody's own token: the bot stays
    assert (len(heard), left) == (2, [])
    with pytest.raises(LookupError):
        await guests.receive("T1", asked(type="message"))
    for kind in ("app_uninstalled", "tokens_revoked"):
        await guests.receive("T1", asked(type=kind, tokens={"bot": ["U1"]}))
    assert left == ["T1", "T1"]
