"""The scene: a salesman back from leave cannot reach the intranet. Each step is done for real and looked at.

A step that does not happen raises; nothing is said that was not seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.demo import stage
from bot.demo.picture import screenshot
from bot.demo.side import Where, wait_for, wait_line
from sandbox.control import People, upload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.demo.processes import Company
    from bot.demo.side import Side


@dataclass(frozen=True, slots=True)
class View:
    """What to draw beside each other after a step."""

    left: tuple[Side, str, Where]  # the side, the account through whose eyes it is seen, the thread
    right: tuple[Side, str, Where] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A caption ("fr" or "en" below), and what to draw."""

    caption: dict[str, str]
    view: View | None = None
    last: bool = False


@dataclass(slots=True)
class Cast:
    """What the parts of one scene tell each other: Marc's ticket, by its number."""

    ticket: int = 0


class SceneFailed(AssertionError):  # noqa: N818 - it reads as what happened
    """Something that the scene needs did not happen."""


def must(happened: object, what: str) -> None:
    if not happened:
        raise SceneFailed(what)


async def _next_ticket(company: Company) -> int:
    """The number that the next ticket gets: others may have been opened by hand. Each stands where agents answer."""
    cards = [str(said.get("text")) for said in await company.slack.people.call("messages", channel=stage.HR_DESK)]
    cards += [thread["name"] for thread in await company.discord.people.call("threads", channel=stage.IT_DESK)]
    return max([int(found[1]) for card in cards if (found := re.match(r"#(\d+) ", card))], default=0) + 1


async def opened(company: Company, cast: Cast) -> AsyncIterator[Step]:
    """The client in Slack opens his ticket, the agent in Discord answers it."""
    slack, discord = company.slack, company.discord
    values = {"department": "it", "priority": "normal"}
    old = {"subject": "Écran noir", "description": "L'écran reste noir au réveil.", "product": "laptop"}
    number = await _next_ticket(company)
    await slack.call(stage.MARC)
    must((await slack.fill(stage.MARC, values | old)).ok, "an earlier ticket")
    first = await slack.clients_thread(stage.MARC, number)
    await slack.press(stage.MARC, first, "Clore")
    await wait_line(slack, first, "a clos ce ticket")
    yield Step(
        {
            "en": "Marc Dubois sells for Northwind. In spring he had a ticket about his screen; it is closed.",
            "fr": "Marc Dubois est commercial chez Northwind. Au printemps, il a eu un ticket pour son écran ; il est "
            "clos.",
        },
        View((slack, stage.MARC, first)),
    )

    title = await slack.call(stage.MARC, "Intranet injoignable")
    must(title == "Nouveau ticket", "the form in Marc's language")
    bad = await slack.fill(stage.MARC, values | {"description": " ", "product": "payroll"})
    must(not bad.ok and len(bad.remarks) == 2, "remarks by the field")  # noqa: PLR2004 - two mistakes were made
    yield Step(
        {
            "en": "Back from leave, he types  /ticket Intranet injoignable . The form opens in French with the subject "
            "filled in. He forgets the description and picks a product of another department: "
            + " / ".join(bad.remarks.values()),
            "fr": "De retour de congé, il tape  /ticket Intranet injoignable . Le formulaire s'ouvre, le sujet est déjà "
            "là. Il oublie la description et choisit un produit d'un autre service : "
            + " / ".join(bad.remarks.values()),
        }
    )

    cast.ticket = max(number + 1, await _next_ticket(company))
    described = "Depuis ce matin **rien** ne s'ouvre : erreur `503`. J'ai un client à 11 h !"
    right = {"description": described, "product": "intranet", "priority": "urgent", "department": "it"}
    must(
        (await slack.fill(stage.MARC, right, [upload("capture.png", screenshot(), "image/png")])).ok,
        "the form is taken",
    )
    theirs = await slack.clients_thread(stage.MARC, cast.ticket)
    ours = await discord.agents_thread(stage.IT_DESK, cast.ticket)
    card = await wait_for(discord, ours, lambda line: f"#{cast.ticket} " in line.text, "the agents' card")
    must("Écran noir" in card.text, "Marc's other ticket beside this one")
    await wait_for(discord, ours, lambda line: "capture.png" in line.files, "the screenshot")
    yield Step(
        {
            "en": "He corrects it and attaches a screenshot. His ticket is urgent; IT answers on Discord: the card appears "
            "in #it-desk with Marc's other tickets beside it.",
            "fr": "Il corrige et joint une capture d'écran. Le ticket est urgent ; l'informatique répond sur Discord : la "
            "fiche apparaît dans #it-desk, les autres tickets de Marc à côté.",
        },
        View((slack, stage.MARC, theirs), (discord, stage.LEA_DISCORD, ours)),
    )

    await discord.press(stage.LEA_DISCORD, ours, await _label(discord, ours, "Claim", "Prendre"))
    await wait_line(slack, theirs, "s’occupe de ce ticket")
    await discord.say(
        stage.LEA_DISCORD, ours, "Bonjour Marc ! Pouvez-vous :\n- **redémarrer** le VPN\n- rouvrir la page"
    )
    await wait_line(slack, theirs, "redémarrer")
    await slack.say(stage.MARC, theirs, "J'ai redémarré, toujours `503` :disappointed:")
    await wait_line(discord, ours, "`503`")
    yield Step(
        {
            "en": "Léa claims it and asks him to try things. Bold, lists, code and emoji survive the way, in both directions.",
            "fr": "Léa le prend en charge et lui demande d'essayer. Gras, listes, code et emoji passent dans les deux sens.",
        },
        View((slack, stage.MARC, theirs), (discord, stage.LEA_DISCORD, ours)),
    )

    await discord.press(stage.LEA_DISCORD, ours, "Note")
    must(
        (await discord.fill(stage.LEA_DISCORD, {"note": "Son mot de passe a expiré pendant le congé."})).ok, "the note"
    )
    await wait_line(discord, ours, "expiré pendant")
    must(not any("expiré" in line.text for line in await slack.read(theirs)), "the note stays inside")
    yield Step(
        {
            "en": "A note for her colleagues. Marc does not see it: compare both sides.",
            "fr": "Une note pour ses collègues. Marc ne la voit pas : comparez les deux côtés.",
        },
        View((slack, stage.MARC, theirs), (discord, stage.LEA_DISCORD, ours)),
    )


async def answered(company: Company, cast: Cast) -> AsyncIterator[Step]:
    """The desk is killed in the middle, the ticket is closed and rated all the same."""
    slack, discord = company.slack, company.discord
    theirs = await slack.clients_thread(stage.MARC, cast.ticket)
    ours = await discord.agents_thread(stage.IT_DESK, cast.ticket)
    await company.kill_desk()
    await slack.say(stage.MARC, theirs, "Vous êtes là ? Mon client arrive.")
    await discord.say(stage.LEA_DISCORD, ours, "Votre mot de passe a expiré : je l'ai **prolongé**, réessayez.")
    await company.open_desk()
    await wait_line(discord, ours, "Mon client arrive", within=30)
    await wait_line(slack, theirs, "prolongé", within=30)
    for side, where, words in ((discord, ours, "client arrive"), (slack, theirs, "prolongé")):
        seen = sum(words in line.text for line in await side.read(where))
        must(seen == 1, f"{words!r} is there {seen} times, not once")
    yield Step(
        {
            "en": "The desk's process is killed (SIGKILL). Both go on writing. It starts again: each message arrives, once.",
            "fr": "Le processus du support est tué (SIGKILL). Les deux continuent d'écrire. Il redémarre : chaque message "
            "arrive, une fois.",
        },
        View((slack, stage.MARC, theirs), (discord, stage.LEA_DISCORD, ours)),
    )

    await slack.say(stage.MARC, theirs, "Ça marche, merci !")
    await wait_line(discord, ours, "Ça marche")
    await discord.press(stage.LEA_DISCORD, ours, await _label(discord, ours, "Close", "Clore"))
    await wait_for(slack, theirs, lambda line: "★★★★★" in "".join(line.buttons), "the stars on Marc's card")
    must("★★★★★" in await slack.press(stage.MARC, theirs, "★★★★★"), "thanks for the rating")
    await wait_for(
        discord, ours, lambda line: "★★★★★" in line.text and f"#{cast.ticket} " not in line.text, "the rating"
    )
    yield Step(
        {
            "en": "It works. Léa closes the ticket, Marc gives five stars.",
            "fr": "Ça marche. Léa clôt le ticket, Marc donne cinq étoiles.",
        },
        View((slack, stage.MARC, theirs), (discord, stage.LEA_DISCORD, ours)),
    )


async def kept(company: Company, _: Cast) -> AsyncIterator[Step]:
    """An admin makes a backup."""
    slack = company.slack
    must("begun" in await slack.call(stage.ADA, "now", command="backup"), "the backup begins")
    direct = await slack.direct(stage.ADA)
    await wait_line(slack, direct, "is made and proven", within=60)
    async with People(company.controls["drive"]) as drive:
        titles = [file["title"] for file in await drive.call("files")]
    must(sum(title.endswith(".manifest.json") for title in titles) >= 1, "a backup on Drive")
    yield Step(
        {
            "en": f"Ada, the admin, types  /backup now . The database and the attachments go to Google Drive (a stand-in), "
            f"encrypted, {len(titles)} files; the desk restores them at once to be sure. Drive holds: "
            + ", ".join(titles),
            "fr": f"Ada, l'administratrice, tape  /backup now . La base et les pièces jointes partent vers Google Drive (une "
            f"doublure), chiffrées, {len(titles)} fichiers ; le support les restaure aussitôt pour s'en assurer. Drive "
            "contient : " + ", ".join(titles),
        },
        View((slack, stage.ADA, direct)),
    )


async def colleague(company: Company, _: Cast) -> AsyncIterator[Step]:
    """The other way round: the client in Discord, the agent in Slack."""
    slack, discord = company.slack, company.discord
    number = await _next_ticket(company)
    await discord.call(stage.BEN)
    values = {"subject": "My payslip", "description": "October is missing.", "priority": "low"}
    must((await discord.fill(stage.BEN, values | {"department": "hr", "product": "payroll"})).ok, "Ben's form")
    theirs = await discord.clients_thread(stage.BEN, number)
    ours = await slack.agents_thread(stage.HR_DESK, number)
    await slack.say(stage.TOM, ours, "Hi Ben, I have sent it again. *Can you look?*")
    await wait_line(discord, theirs, "Can you look?")
    await discord.say(stage.BEN, theirs, "Got it, thank you!")
    await wait_line(slack, ours, "Got it")
    yield Step(
        {
            "en": "The other way round: Ben asks on Discord, Tom of human resources answers from Slack.",
            "fr": "Dans l'autre sens : Ben demande sur Discord, Tom des ressources humaines répond depuis Slack.",
        },
        View((discord, stage.BEN, theirs), (slack, stage.TOM, ours)),
        last=True,
    )


async def _label(side: Side, where: Where, *labels: str) -> str:
    """Whichever of these labels the card's buttons have: the agents' cards speak the house's language."""
    shown = "".join((await side.read(where))[0].buttons)
    return next(label for label in labels if label in shown)
