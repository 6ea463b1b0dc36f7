"""Commands, presses, forms, searches and shortcuts as the port hears them: pure, and never raising."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adapters.port import Called, Pressed, Shortcut, Sought, Submitted
from adapters.slack.forms import carried
from adapters.slack.payload import Malformed, mapping, safely, text, word
from adapters.slack.refs import is_ts, message_ref, thread_ref
from adapters.slack.render import ACTION_SEPARATOR, CARD, CARRIED_SEPARATOR
from desk.model import AccountRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.port import FileIn
    from adapters.slack.inbound import Inbound
    from adapters.slack.payload import Payload

# What a client makes of the names and addresses in a command's words, where the command has "escape" on.
_ENTITY = re.compile(
    r"<(?:@(?P<user>[UW]\w+)|#(?P<channel>\w+)|!subteam\^(?P<group>\w+)|(?P<link>https?://[^|<>]+))"
    r"(?:\|(?P<label>[^<>]*))?>"
)


class Asks:
    """Reads interactions for one channel."""

    def __init__(self, inbound: Inbound) -> None:
        self.name = inbound.name
        self._inbound = inbound
        self._names = inbound.names

    # --- commands -----------------------------------------------------------------------------------------------

    def called(self, payload: Payload) -> Called | None:
        """A slash command. Slack has none inside threads."""
        return safely(self._called, payload)

    def _called(self, payload: Payload) -> Called:
        people: list[AccountRef] = []
        words = "".join(self._words(text(payload, "text"), people)).strip()
        return Called(
            id=word(payload, "trigger_id"),
            account=AccountRef(self.name, word(payload, "user_id")),
            command=word(payload, "command").removeprefix("/"),
            words=words,
            people=tuple(people),
        )

    def _words(self, typed: str, people: list[AccountRef]) -> Iterator[str]:
        at = 0
        for match in _ENTITY.finditer(typed):
            yield html.unescape(typed[at : match.start()])
            at = match.end()
            label = html.unescape(match["label"] or "").lstrip("@#")
            if match["user"]:
                people.append(AccountRef(self.name, match["user"]))
                yield "@" + _named(self._names.user(match["user"]), match["user"], label)
            elif match["channel"]:
                yield "#" + _named(self._names.channel(match["channel"]), match["channel"], label)
            elif match["group"]:
                yield "@" + _named(self._names.group(match["group"]), match["group"], label)
            else:
                yield html.unescape(match["link"])
        yield html.unescape(typed[at:])

    # --- cards --------------------------------------------------------------------------------------------------

    def pressed(self, payload: Payload) -> Pressed | None:
        """A button or choice on one of our cards, wherever it is shown; None for those of forms."""
        return safely(self._pressed, payload)

    def _pressed(self, payload: Payload) -> Pressed | None:
        container = mapping(payload, "container")
        actions = payload.get("actions")
        if not isinstance(actions, Sequence) or not actions or not isinstance(actions[0], Mapping):
            raise Malformed("actions")
        action = actions[0]
        user = word(mapping(payload, "user"), "id")
        name, carries = _action(word(action, "action_id"))
        chosen = action.get("selected_option")
        several = action.get("selected_options")
        facts: dict[str, Any] = {
            "account": AccountRef(self.name, user),
            "action": name,
            "value": text(chosen, "value") or text(action, "value"),
            "values": _values(several),
            "carried": carries,
        }
        at = word(action, "action_ts")
        if container.get("type") == "view":
            view = mapping(payload, "view")
            if not is_card(view):
                return None
            return Pressed(id=f"{at}:{user}:{text(view, 'id')}", **facts)
        if container.get("type") != "message":
            return None
        channel, ts = word(container, "channel_id"), container.get("message_ts")
        ephemeral = bool(container.get("is_ephemeral"))
        # The card that opens a thread is its root: a press there belongs to that thread.
        root = text(container, "thread_ts") or text(payload.get("message"), "thread_ts") or (not ephemeral and ts)
        stands = not ephemeral and isinstance(ts, str) and is_ts(ts)
        return Pressed(
            id=f"{at}:{user}:{channel}:{ts}",
            thread=thread_ref(self.name, channel, root) if isinstance(root, str) and is_ts(root) else None,
            message=message_ref(self.name, channel, str(ts)) if stands else None,
            **facts,
        )

    def sought(self, payload: Payload) -> Sought | None:
        """Somebody types in a finder, of a card or of a form."""
        return safely(self._sought, payload)

    def _sought(self, payload: Payload) -> Sought:
        user, action_id = word(mapping(payload, "user"), "id"), word(payload, "action_id")
        words = text(payload, "value")
        view = payload.get("view")
        if isinstance(view, Mapping) and not is_card(view):
            finder, carries = carried(view)[0], action_id
        else:
            finder, carries = _action(action_id)
        return Sought(
            id=f"{user}:{text(payload, 'block_id')}",  # ids stand in log lines: none holds what people write
            account=AccountRef(self.name, user),
            finder=finder,
            words=words,
            carried=carries,
        )

    # --- messages' menus ----------------------------------------------------------------------------------------

    def shortcut(self, payload: Payload) -> Shortcut | None:
        """An entry of a message's menu; None for shortcuts that belong to no message."""
        return safely(self._shortcut, payload)

    def _shortcut(self, payload: Payload) -> Shortcut | None:
        if payload.get("type") != "message_action":
            return None
        message, channel = mapping(payload, "message"), word(mapping(payload, "channel"), "id")
        return Shortcut(
            id=word(payload, "trigger_id"),
            account=AccountRef(self.name, word(mapping(payload, "user"), "id")),
            name=word(payload, "callback_id"),
            quote=self._inbound.read_quote(channel, message),
        )

    # --- forms --------------------------------------------------------------------------------------------------

    def submitted(self, payload: Payload) -> Submitted | None:
        """A form that came back. Its id is the same when Slack delivers it again."""
        return safely(self._submitted, payload)

    def _submitted(self, payload: Payload) -> Submitted:
        view = mapping(payload, "view")
        word(view, "private_metadata")
        form, state, _ = carried(view)
        values: dict[str, str] = {}
        several: dict[str, tuple[str, ...]] = {}
        files: dict[str, tuple[FileIn, ...]] = {}
        for name, elements in mapping(mapping(view, "state"), "values").items():
            for element in _elements(elements):
                match element.get("type"):
                    case "file_input":
                        files[name] = self._inbound.files(element.get("files"))
                    case "static_select" | "external_select":
                        values[name] = text(element.get("selected_option"), "value")
                    case "multi_static_select" | "multi_external_select":
                        several[name] = _values(element.get("selected_options"))
                    case "users_select":
                        values[name] = text(element, "selected_user")
                    case "datepicker":
                        values[name] = text(element, "selected_date")
                    case _:
                        values[name] = text(element, "value")
        return Submitted(
            id=f"{word(view, 'id')}:{view.get('hash') or ''}",
            account=AccountRef(self.name, word(mapping(payload, "user"), "id")),
            form=form,
            state=state,
            values=values,
            files=files,
            several=several,
        )


def is_card(view: Payload) -> bool:
    """Whether this view shows one of our cards: the home page, or a card in a modal."""
    return text(view, "type") == "home" or text(view, "callback_id") == CARD


def _action(action_id: str) -> tuple[str, str]:
    name, _, carries = action_id.partition(ACTION_SEPARATOR)[2].partition(CARRIED_SEPARATOR)
    return name, carries


def _named(known: str, id_: str, label: str) -> str:
    return known if known != id_ else label or id_


def _values(options: Any) -> tuple[str, ...]:
    return tuple(text(option, "value") for option in options) if isinstance(options, list) else ()


def _elements(entry: Any) -> list[Payload]:
    return [element for element in entry.values() if isinstance(element, Mapping)] if isinstance(entry, Mapping) else []
