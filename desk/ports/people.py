"""Part of the transaction: what was heard, people, their accounts and roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from desk.model import (
        AccountRef,
        Agent,
        Away,
        Person,
        Role,
    )


class People(Protocol):
    """See `desk.ports.Transaction`."""

    # --- what was heard -------------------------------------------------------------------------------------

    def first_hearing(self, key: str) -> bool:
        """True once for each key (a platform's event id, kept for days): a redelivery stops here."""

    def heard(self, key: str) -> bool:
        """Whether `first_hearing` was asked for this key."""

    def first_hearing_after(self, key: str, at: datetime) -> bool:
        """True where nothing of this key was heard before that is as new or newer: of the versions of a thing only
        those count that are newer than all before them.
        """

    # --- people ---------------------------------------------------------------------------------------------

    def person(self, person_id: int) -> Person:
        """KeyError where there is none."""

    def person_of(self, account: AccountRef) -> Person | None:
        """Whose account it is, also where only another account of the same `holder` is on record."""

    def meet(self, account: AccountRef, *, name: str, locale: str) -> Person:
        """Whose account it is: `person_of`, with the account put on record, and the person where there is none."""

    def add_person(self, account: AccountRef, *, name: str, locale: str) -> Person: ...

    def refresh_person(self, account: AccountRef, *, name: str, locale: str) -> Person:
        """Keep the newest name and language that the network told of this account. KeyError: unknown account."""

    def accounts(self, person_id: int) -> Sequence[AccountRef]:
        """All accounts of a person, oldest first."""

    def chosen_languages(self) -> Mapping[AccountRef, str]:
        """All accounts whose person chose a language, with it."""

    def choose_language(self, person_id: int, language: str, spoken: Mapping[AccountRef, str]) -> None:
        """What the desk speaks to them from now on ("" = as their networks say), in their threads too: `spoken`, by
        account.
        """

    def footprint(self, person_id: int) -> tuple[int, int, int]:
        """How many tickets are theirs, and how many messages and files they gave."""

    def given_to(self, person_id: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """All rows that are about them and theirs to see, by kind; nothing that is for agents alone."""

    def standing(self, person_id: int) -> Sequence[int]:
        """The ids of all that they said and that is not withdrawn."""

    def erase_person(self, person_id: int) -> Sequence[str]:
        """Their words, files, names and accounts go; rows stay, to be counted. Gives the hashes of what was theirs:
        `referenced` says which of these files somebody else needs.
        """

    # --- links between accounts ------------------------------------------------------------------------------

    def offer_code(self, account: AccountRef, digest: str, *, until: datetime) -> bool:
        """Keep a code's digest for this account, instead of an earlier one. False where it is another's."""

    def offered_by(self, digest: str) -> AccountRef | None:
        """The account that offers this code now."""

    def forget_code(self, account: AccountRef) -> None: ...

    def add_guess(self, account: AccountRef) -> None: ...

    def guesses(self, account: AccountRef, *, since: datetime) -> int: ...

    def forget_guesses(self, account: AccountRef) -> None: ...

    def join_people(self, kept: Person, joined: Person, account: AccountRef) -> Sequence[tuple[int, str]]:
        """All that is the one person's becomes the other's, who came with that account; the log stays as it is. Gives
        the tickets that changed hands, each with "client" or "agent".
        """

    def part_person(
        self, person: Person, account: AccountRef, *, name: str, locale: str
    ) -> tuple[Person, Sequence[tuple[int, str]]]:
        """The account is a person of its own (again), with the tickets that came by its network, the words said
        there, and the care of tickets that are answered on that network only; gives these tickets as well.
        """

    # --- agents ---------------------------------------------------------------------------------------------

    def heard_as(self, account: AccountRef, role: Role, departments: AbstractSet[str]) -> None:
        """Remember what this account was heard or named as; a client's is forgotten. Writes only where it differs."""

    def agents(self) -> Sequence[Agent]:
        """All who were heard as agents or admins, by name; each once, with the most that any of their accounts may."""

    def agent(self, person_id: int) -> Agent | None: ...

    def open_tickets(self, agent_ids: Iterable[int]) -> Mapping[int, int]:
        """How many tickets that are not closed each of these looks after; 0 is given too."""

    def away(self, person_id: int) -> Away | None:
        """Whether they are away now; None where they are not, or came back in the meantime."""

    def set_away(self, person_id: int, *, until: datetime | None) -> Away: ...

    def clear_away(self, person_id: int) -> None: ...

    def last_turn(self, department: str) -> int | None:
        """Whose turn it was last, where a department's tickets go round."""

    def save_turn(self, department: str, person_id: int) -> None: ...
