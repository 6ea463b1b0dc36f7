"""Who has asked Slack for quiet: asked in one call, once a minute of each, and nobody where Slack does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.port import Throttled
from adapters.slack.quiet import Quiet
from desk.model import AccountRef
from tests.adapters.slack.conftest import ADA, LEA

if TYPE_CHECKING:
    from adapters.slack.channel import SlackChannel
    from tests.adapters.slack.conftest import Workspace

BOTH = (AccountRef("slack", ADA), AccountRef("slack", LEA))


async def test_who_asked_for_quiet_is_known_by_one_call(workspace: Workspace, channel: SlackChannel) -> None:
    await workspace.do("quiet", user=ADA, minutes=30)
    for _ in range(2):
        assert await channel.not_to_disturb(BOTH) == {BOTH[0]}
    assert len(await workspace.calls("dnd.teamInfo")) == 1


async def test_quiet_ends_by_itself_and_begins_at_its_hour(workspace: Workspace, channel: SlackChannel) -> None:
    moment = [0.0]
    await workspace.do("quiet", user=ADA, minutes=30)
    (answer,) = [await channel._api.web.dnd_teamInfo(users=[ADA])]
    begin, end = (answer["users"][ADA][f"next_dnd_{name}_ts"] for name in ("start", "end"))
    quiet = Quiet(channel._api, now=lambda: moment[0])
    for at, expected in ((begin - 1, set()), (begin, {ADA}), (end - 1, {ADA}), (end, set())):
        moment[0] = at
        assert await quiet.among({ADA, LEA}) == expected


async def test_where_slack_does_not_say_the_reason_has_its_class(workspace: Workspace, channel: SlackChannel) -> None:
    await workspace.do("fault", kind="rate_limited", match="dnd.teamInfo", times=1)
    with pytest.raises(Throttled):
        await channel.not_to_disturb(BOTH)
    assert await channel.not_to_disturb(BOTH) == frozenset()
