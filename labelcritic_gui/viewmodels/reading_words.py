"""What the reading screen says about the reading: where one is, how fast, what the critic does. Layer: viewmodels."""

from typing import Literal, NamedTuple

from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.cards import colour_of, standing_words
from labelcritic_gui.viewmodels.messages import Message
from labelcritic_gui.viewmodels.reading.reading import Reading


class ItemWords(NamedTuple):
    """How the item on the screen is named: its case, its structure, and its place with where it stands."""

    case: str = ""
    structure: str = ""
    place: str = ""


class CriticWords(NamedTuple):
    """What the critic does, how it is, and what is waited for (empty for nothing)."""

    text: str
    state: Literal["good", "busy", "bad"]
    waits: str


def item_words(reading: Reading) -> ItemWords:
    """Name the item on the screen; empty while there is none."""
    item = reading.item
    if item is None:
        return ItemWords()
    here, counts = reading.worklist.index_of(item), reading.worklist.counts
    row = reading.worklist.rows[here] if here is not None else None
    title = tr(reading.stage.structure.shown if reading.stage else row.title if row else item.structure)
    place = _place(here + 1, reading.worklist.count) if here is not None else ""
    if counts is not None and not reading.list_follows:  # where items come again, their numbers would tell
        place = _place(min(counts.decided + (not reading.revealed), counts.total), counts.total)
    standing = standing_words(reading.state, reading.label_sets)
    return ItemWords(item.case, title, "   ".join(filter(None, (place, standing))))


def _place(number: int, total: int) -> str:
    return tr("{n} of {total}").format(n=number, total=total)


def is_said_by_stage(reading: Reading | None, message: Message | None) -> bool:
    """Say whether the stage itself tells a message: where the image cannot be read, the critic says so too."""
    failure = reading.failure if reading is not None else None
    return message is not None and failure is not None and message.text == failure.text


def button_titles(reading: Reading) -> list[tuple[str, int]]:
    """Return what the buttons that accept are called, and their colours; in blind reviews their places.

    After a reveal too: names there would move the buttons under the mouse.
    """
    panels, nameless = reading.stage.panels if reading.stage else (), reading.blinding.mode.hides
    return [
        (str(place) if nameless else panel.label_set.title, max(0, colour_of(reading.label_sets, panel.label_set.slug)))
        for place, panel in enumerate(panels, 1)
    ]


def pace_words(reading: Reading) -> str:
    """Say how fast the reader decides and how long the rest takes; empty before that is known."""
    rate, counts = reading.pace.per_hour, reading.worklist.counts
    words = [tr("{n} / h").format(n=f"{rate:.0f}")] if rate else []
    if counts is not None and (left := reading.pace.left(counts.open)):
        words.append(tr("{time} left").format(time=left))
    return "  ·  ".join(words)


def waiting_words(reading: Reading) -> str:
    """Say why there is no verdict on the item."""
    critic = reading.critic
    if reading.blinding.words:
        return reading.blinding.words
    if critic.down is not None:
        return f"{critic.down.text} {critic.down.hint}".strip()
    if reading.item is not None and (why := critic.failed.get(reading.item)):
        return tr("The critic could not judge this item: {why}").format(why=why)
    if critic.pause:
        return critic.pause
    return tr("The critic is looking at this case…") if critic.job else tr("No verdict yet.")


def critic_words(reading: Reading) -> CriticWords:
    """Say what the critic of the review is doing."""
    job, down, pause = reading.critic.job, reading.critic.down, reading.critic.pause
    words = tr(reading.calls.critic_title)
    if pause:
        words = tr("{critic}  paused: the server is gone").format(critic=words)
    elif job is not None and job.total:
        words = tr("{critic}  {done} of {total}").format(critic=words, done=job.done, total=job.total)
    state: Literal["good", "busy", "bad"] = "bad" if down or pause else "busy" if job else "good"
    return CriticWords(words, state, pause or (down.text if down is not None else ""))
