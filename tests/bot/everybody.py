"""A company in which anything may happen to tickets, and what each of its people may have been told of each text.

Who may know what is kept here by what was done, and never by what the desk says of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from desk import verbs
from desk.catalogue import Assignment, Catalogue, Department, Priority, Product
from desk.errors import DeskError
from desk.model import AccountRef, Attachment, Audience, Kind, MessageRef, PlaceRef, Role
from desk.verbs import Actor, Draft, IncomingMessage, IncomingTicket, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk.model import Thread
    from desk.ports import Transaction

CATALOGUE = Catalogue(
    (Product("vpn", {"en": "VPN"}),),
    (
        Department("it", {"en": "IT"}, places=(PlaceRef("discord", "IT"), PlaceRef("slack", "IT"))),
        Department("hr", {"en": "HR"}, places=(PlaceRef("slack", "HR"), PlaceRef("discord", "HR")), confidential=True),
        Department("help", {"en": "Help"}, places=(PlaceRef("slack", "HELP"),), assignment=Assignment.ROUND_ROBIN),
    ),
    (Priority("low", {"en": "Low"}),),
    "low",
)
PLACES = {department.id: set(department.places) for department in CATALOGUE.departments}
DEPARTMENTS = tuple(PLACES)

NORA, NORA_TOO = AccountRef("slack", "nora"), AccountRef("discord", "nora")
HANA, HANA_TOO = AccountRef("slack", "hana"), AccountRef("discord", "hana")
MARC, EVE = AccountRef("discord", "marc"), AccountRef("slack", "eve")
IAN, FOX, ADA = AccountRef("discord", "ian"), AccountRef("slack", "fox"), AccountRef("discord", "ada")
HUMANS = ({NORA, NORA_TOO}, {HANA, HANA_TOO}, {MARC}, {EVE}, {IAN}, {FOX}, {ADA})
EVERYBODY = (NORA, NORA_TOO, HANA, HANA_TOO, MARC, EVE, IAN, FOX, ADA)
AGENTS = (ADA, FOX, HANA, ADA, FOX, IAN)
CLIENT = (Role.CLIENT, frozenset[str]())
AS_BOTH = (Role.AGENT, frozenset({"it", "hr"}))

FILE = b"x"  # what a transcript holds, in the store
MOST_TICKETS = 8

Step = tuple[str, int, int, int]


def human(account: AccountRef) -> set[AccountRef]:
    """All accounts of the one whose this is."""
    return next(accounts for accounts in HUMANS if account in accounts)


@dataclass
class Told:
    """A text that stands in these tickets. `party`: the accounts of clients and followers, `insiders`: the places and
    accounts of agents, that were theirs at some time since it was said.
    """

    kind: Kind
    tickets: set[int]
    author: AccountRef
    by_client: bool = False
    party: set[AccountRef] = field(default_factory=set)
    insiders: set[PlaceRef | AccountRef] = field(default_factory=set)


class Company:
    """Who did what so far. `do` does the next step; DeskError where nobody may, or there is nothing to do it to."""

    def __init__(self) -> None:
        self.texts: dict[str, Told] = {}
        self.roles = dict.fromkeys(EVERYBODY, CLIENT)
        self.roles |= {
            HANA: (Role.AGENT, frozenset({"hr"})), IAN: (Role.AGENT, frozenset({"it", "help"})), FOX: AS_BOTH,
            ADA: (Role.ADMIN, frozenset()),
        }  # fmt: skip
        self.client: dict[int, AccountRef] = {}  # of each ticket
        self.party: dict[int, set[AccountRef]] = {}
        self.department: dict[int, str] = {}
        self.merged: dict[int, int] = {}
        self.joined: dict[int, set[PlaceRef]] = {}  # places of tickets that were merged into this one: they go on in it
        self.messages: list[tuple[int, MessageRef | None, str]] = []  # id, where it was typed, the newest marker
        self.count = 0

    # --- who may know what ------------------------------------------------------------------------------------------

    def inside(self, account: AccountRef, department: str) -> bool:
        role, departments = self.roles[account]
        return role is Role.ADMIN or department in departments

    def confidential(self, told: Told) -> bool:
        return all(self.department[number] == "hr" for number in told.tickets)

    def may_read(self, account: AccountRef, marker: str) -> bool:
        """Whether somebody who looks for it now may find it."""
        told = self.texts[marker]
        if any(self.inside(account, department) for department in self._departments(told)):
            return True
        open_to_agents = not self.confidential(told) and self.roles[account][0] is not Role.CLIENT
        return told.kind is Kind.REPLY and (open_to_agents or bool(human(account) & told.party))

    def may_hear(self, thread: Thread, marker: str) -> bool:
        """Whether it may be said in this thread, by now or when it was owed."""
        told = self.texts[marker]
        if thread.audience is Audience.CLIENT:
            assert thread.account is not None
            return told.kind is Kind.REPLY and bool(human(thread.account) & told.party)
        where = thread.place or thread.account
        assert where is not None
        return where in told.insiders or (told.kind is Kind.REPLY and not self.confidential(told))

    def _departments(self, told: Told) -> set[str]:
        found = set[str]()
        for number in told.tickets:
            found.add(self.department[number])
            while number in self.merged:
                number = self.merged[number]  # noqa: PLW2901 - the chain is followed
                found.add(self.department[number])
        return found

    def _go_on(self) -> None:
        """Whoever has a ticket now has been told all that stands in it."""
        for told in self.texts.values():
            for number in told.tickets:
                told.party |= self.party[number]
                told.insiders |= self.joined[number]
            for department in self._departments(told):
                told.insiders |= PLACES[department]
                told.insiders |= {account for account in EVERYBODY if self.inside(account, department)}

    def _text(self, kind: Kind, number: int, author: AccountRef, *, by_client: bool = False) -> str:
        """A new marker. One that is not "reply" may never be shown to a client."""
        self.count += 1
        marker = f"{kind}{self.count}z"
        self.texts[marker] = Told(kind, {number}, author, by_client)
        return marker

    # --- what they do -----------------------------------------------------------------------------------------------

    def actor(self, tx: Transaction, account: AccountRef) -> Actor:
        role, departments = self.roles[account]
        person = tx.person_of(account) or tx.add_person(account, name=account.key.title(), locale="fr")
        tx.heard_as(account, role, departments)
        return Actor(person, role, departments)

    def do(self, tx: Transaction, step: Step) -> None:
        what, *picked = step
        try:
            getattr(self, what)(tx, *picked)
        finally:
            self._go_on()

    def open(self, tx: Transaction, who: int, department: int, _: int) -> None:
        if len(self.client) < MOST_TICKETS:
            self._opened(tx, EVERYBODY[who % len(EVERYBODY)], DEPARTMENTS[department % 2])

    def _opened(self, tx: Transaction, account: AccountRef, department: str) -> None:
        actor, number = self.actor(tx, account), len(self.client) + 1
        subject, description, name = (self._text(Kind.REPLY, number, account, by_client=True) for _ in range(3))
        draft = Draft(subject, f"It is {description} again", department, "vpn", "low")
        self._begun(number, account, department)
        made = verbs.open_ticket(tx, CATALOGUE, actor, account, draft, (Attachment(name, "text/plain", 5, None),))
        assert made.number == number
        self.messages.append((tx.description(number).id, None, description))

    def _begun(self, number: int, account: AccountRef, department: str) -> None:
        self.client[number] = account
        self.party[number] = {account}
        self.department[number] = department
        self.joined[number] = set()

    def bring(self, tx: Transaction, who: int, department: int, _: int) -> None:
        """A ticket of another desk, with a note in it."""
        account, number = (NORA, MARC, EVE)[who % 3], len(self.client) + 1
        self.actor(tx, account)
        self._begun(number, account, DEPARTMENTS[department % 2])
        subject, description = (self._text(Kind.REPLY, number, account) for _ in range(2))
        note = self._text(Kind.NOTE, number, ADA)
        said = (
            IncomingMessage(f"{number}.1", "x", tx.now, f"{description} there"),
            IncomingMessage(f"{number}.2", "y", tx.now, f"{note} there", Kind.NOTE, Audience.INTERNAL),
        )
        incoming = IncomingTicket(
            number, subject, "x", tx.now, said, department=self.department[number], product="vpn", priority="low"
        )
        verbs.take_in(tx, CATALOGUE, Source("elsewhere", {"y": "Somebody"}, {"x": account}), incoming)

    def _ticket(self, pick: int) -> int:
        if not self.client:
            raise DeskError("ticket_unknown", number=0)
        return pick % len(self.client) + 1

    def say(self, tx: Transaction, pick: int, which: int, who: int) -> None:
        """In any thread that is open, by whoever can write there: of a department's place, a bystander too."""
        threads = tx.threads(self._ticket(pick))
        if not threads:
            raise DeskError("ticket_unknown", number=0)
        thread = threads[which % len(threads)]
        account = thread.account or self._in_place(thread, who)
        actor, department = self.actor(tx, account), self.department[thread.ticket]
        inside, by_client, kind = self.inside(account, department), False, Kind.NOTE
        if thread.audience is Audience.CLIENT:
            kind, by_client = Kind.REPLY, not inside or account in human(self.client[thread.ticket])
        elif thread.audience is Audience.AGENTS and inside and not thread.left:
            kind = Kind.REPLY
        marker = self._text(kind, thread.ticket, account, by_client=by_client)
        origin = MessageRef(thread.channel, marker)
        files = (Attachment(f"{marker}.txt", "text/plain", 5, None),)
        said = verbs.say(tx, thread, actor, body=f"I say {marker} now", attachments=files, origin=origin)
        assert said is not None
        self.messages.append((said.id, origin, marker))

    def _in_place(self, thread: Thread, who: int) -> AccountRef:
        members = [each for each in (*AGENTS, *EVERYBODY) if each.channel == thread.channel]
        return members[who % len(members)]

    def _agent(self, who: int) -> AccountRef:
        return AGENTS[who % len(AGENTS)]

    def _beyond(self, number: int) -> set[int]:
        """The tickets in which words for this one are heard."""
        found = {number}
        while number in self.merged:
            number = self.merged[number]
            found.add(number)
        return found

    def _written(self, kind: Kind, number: int, account: AccountRef) -> str:
        marker = self._text(kind, number, account)
        self.texts[marker].tickets |= self._beyond(number)
        return marker

    def note(self, tx: Transaction, pick: int, who: int, _: int) -> None:
        number, account = self._ticket(pick), self._agent(who)
        marker = self._written(Kind.NOTE, number, account)
        made = verbs.add_note(tx, number, self.actor(tx, account), f"He is {marker} again")
        self.messages.append((made.id, None, marker))

    def answer(self, tx: Transaction, pick: int, who: int, _: int) -> None:
        number, account = self._ticket(pick), self._agent(who)
        marker = self._written(Kind.REPLY, number, account)
        for told in verbs.answer_all(tx, number, self.actor(tx, account), f"All of you: {marker}"):
            self.texts[marker].tickets |= self._beyond(told)

    def talk(self, tx: Transaction, pick: int, who: int, _: int) -> None:
        verbs.open_internal_talk(tx, self._ticket(pick), self.actor(tx, self._agent(who)))

    def edit(self, tx: Transaction, pick: int, _: int, __: int) -> None:
        """The newest words are for whoever may read the older ones, of those who have the ticket now."""
        typed = [each for each in self.messages if each[1] is not None]
        if not typed:
            raise DeskError("message_gone")
        id_, origin, marker = entry = typed[-1 - pick % min(len(typed), 4)]
        before = self.texts[marker]
        after = self._text(before.kind, 0, before.author, by_client=before.by_client)
        self.texts[after].tickets = set(before.tickets)
        assert origin is not None
        if verbs.edit(tx, origin, f"I mean {after}", self.actor(tx, before.author).person) is not None:
            self.messages[self.messages.index(entry)] = (id_, origin, after)

    def withdraw(self, tx: Transaction, pick: int, _: int, __: int) -> None:
        typed = [origin for _, origin, _ in self.messages if origin is not None]
        if typed:
            verbs.withdraw(tx, typed[pick % len(typed)])

    def merge(self, tx: Transaction, pick: int, into: int, who: int) -> None:
        old, target = self._ticket(pick), self._ticket(into)
        verbs.merge(tx, CATALOGUE, old, target, self.actor(tx, self._agent(who)))
        self.merged[old] = target
        if self.department[target] != "hr":
            self.joined[target] |= PLACES[self.department[old]] | self.joined[old]
        self.party[target] |= self.party[old]

    def split(self, tx: Transaction, pick: int, department: int, who: int) -> None:
        if not self.messages:
            raise DeskError("message_gone")
        id_, _, marker = self.messages[pick % len(self.messages)]
        message, ticket = verbs.to_split(tx, id_, self.actor(tx, self._agent(who)))
        told, number = self.texts[marker], len(self.client) + 1
        subject = self._text(Kind.REPLY, number, told.author)
        whose = told.author if told.by_client else self.client[ticket.number]
        made = DEPARTMENTS[department % 2]
        draft = Draft(subject, message.body, made, "vpn", "low")
        try:
            verbs.split(tx, CATALOGUE, id_, self.actor(tx, self._agent(who)), draft)
        except DeskError:
            del self.texts[subject]
            raise
        self._begun(number, whose, made)
        for name in (marker, *(file.name.removesuffix(".txt") for file in message.attachments)):
            self.texts[name].tickets.add(number)

    def move(self, tx: Transaction, pick: int, department: int, who: int) -> None:
        number, wanted = self._ticket(pick), DEPARTMENTS[department % len(DEPARTMENTS)]
        verbs.move(tx, CATALOGUE, number, self.actor(tx, self._agent(who)), wanted, "vpn")
        self.department[number] = wanted
        if wanted == "hr":
            self.joined[number] &= PLACES[wanted]

    def follow(self, tx: Transaction, pick: int, who: int, _: int) -> None:
        number, account = self._ticket(pick), EVERYBODY[who % len(EVERYBODY)]
        verbs.follow(tx, number, self.actor(tx, account), account, "fr")
        self.party[number].add(account)

    def add(self, tx: Transaction, pick: int, who: int, whom: int) -> None:
        number, account = self._ticket(pick), EVERYBODY[whom % len(EVERYBODY)]
        added = self.actor(tx, account)
        verbs.add_follower(tx, number, self.actor(tx, self._agent(who)), added, account)
        self.party[number].add(account)

    def unfollow(self, tx: Transaction, pick: int, who: int, _: int) -> None:
        number, account = self._ticket(pick), EVERYBODY[who % len(EVERYBODY)]
        verbs.unfollow(tx, number, self.actor(tx, account))
        self.party[number] -= human(account) - {self.client[number]}

    def link(self, tx: Transaction, which: int, _: int, __: int) -> None:
        self.count += 1
        one, other = ((NORA, NORA_TOO), (HANA_TOO, HANA))[which % 2]
        verbs.offer_link(tx, self.actor(tx, one), one, f"CODE{self.count}")
        verbs.link(tx, self.actor(tx, other), other, f"CODE{self.count}")

    def unlink(self, tx: Transaction, which: int, _: int, __: int) -> None:
        account = (NORA, HANA_TOO)[which % 2]
        verbs.unlink(tx, self.actor(tx, account), account)

    def go_on_here(self, tx: Transaction, pick: int, who: int, _: int) -> None:
        account = (NORA, NORA_TOO, HANA, HANA_TOO)[who % 4]
        verbs.continue_here(tx, self._ticket(pick), self.actor(tx, account), account, "fr")

    def part(self, tx: Transaction, pick: int, of: int, who: int) -> None:
        verbs.link_parent(tx, CATALOGUE, self._ticket(pick), self._ticket(of), self.actor(tx, self._agent(who)))

    def close(self, tx: Transaction, pick: int, who: int, _: int) -> None:
        number, account = self._ticket(pick), EVERYBODY[who % len(EVERYBODY)]
        verbs.close(tx, number, self.actor(tx, account), f"for {self._written(Kind.REPLY, number, account)}")

    def change_role(self, tx: Transaction, _: int, __: int, ___: int) -> None:
        """Fox is no agent any more, or one again."""
        self.roles[FOX] = CLIENT if self.roles[FOX] == AS_BOTH else AS_BOTH
        self.actor(tx, FOX)

    def transcript(self, tx: Transaction, pick: int, who: int, inside: int) -> None:
        """One with notes bears a note's name, so that it is seen wherever it goes."""
        number, account, whole = self._ticket(pick), EVERYBODY[who % len(EVERYBODY)], inside % 2 == 0
        name = self._written(Kind.NOTE if whole else Kind.REPLY, number, account)
        verbs.keep_transcript(
            tx, number, self.actor(tx, account), account,
            language="en", form="md", inside=whole, name=f"{name}.md", size=1, sha256=sha256(FILE).hexdigest(),
        )  # fmt: skip


STEPS: Sequence[tuple[str, int]] = (
    ("open", 3), ("bring", 1), ("say", 5), ("note", 2), ("answer", 1), ("talk", 2), ("edit", 3), ("withdraw", 1),
    ("merge", 2), ("split", 2), ("move", 3), ("follow", 2), ("add", 2), ("unfollow", 1), ("link", 1), ("unlink", 1),
    ("go_on_here", 1), ("part", 1), ("close", 1), ("change_role", 1), ("transcript", 2),
)  # fmt: skip
"""What may happen, and how often beside the others."""
