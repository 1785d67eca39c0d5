"""The card of a verdict: pick, both orders, reasons, the model's own words, places of difference. Layer: ui."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from labelcritic_gui.translation import ntr, tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.card_parts import Card, Swatch, link
from labelcritic_gui.ui.views.meter import Meter
from labelcritic_gui.ui.views.words import ElidedLabel, plain_label, set_state
from labelcritic_gui.viewmodels.cards import PlaceRow, VerdictCard

FIRST_REASONS = 4
FIRST_WORDS = 220
"""Characters of the model's own words that are shown at first."""


class VerdictView(Card):
    """Shows a verdict, or what is said while there is none (`waiting`; `asking` while one may come)."""

    sent_wanted = Signal()
    again_wanted = Signal()
    place_chosen = Signal(object)

    def __init__(self, card: VerdictCard | None, waiting: str, theme: Theme, *, asking: bool) -> None:
        super().__init__(theme)
        self._theme = theme
        self.setObjectName("verdict")
        if card is None:
            self.rows.addWidget(plain_label(tr("Verdict"), role="caption"))
            self.rows.addWidget(plain_label(waiting, role="quiet", wrap=True))
            if not asking:
                self._add_again(tr("Ask the critic"))
            return
        self._fill(card, asking=asking)

    def _fill(self, card: VerdictCard, *, asking: bool) -> None:
        if card.colour >= 0:
            self.edge = self._theme.label(card.colour)
        self.rows.addWidget(ElidedLabel(tr("Verdict of {critic}").format(critic=tr(card.critic)), role="caption"))
        self.rows.addLayout(self._headline(card))
        if card.confidence is not None:
            ground = self._theme.colour("line")
            colour = self._theme.label(card.colour) if card.colour >= 0 else self._theme.colour("text-quiet")
            self.rows.addWidget(Meter(colour, ground, value=card.confidence))
        if card.orders:
            self.rows.addLayout(self._orders(card))
        if card.places:
            self.rows.addLayout(self._places(card.places))
        self._add_reasons(card.reasons)
        if card.words:
            self.rows.addWidget(self._words(card.words))
        if card.other_prompts:
            stale = plain_label(
                tr("Asked with other prompts than those of now ({other_prompts}).").format(
                    other_prompts=card.other_prompts
                ),
                wrap=True,
            )
            set_state(stale, "state", "doubt")
            self.rows.addWidget(stale)
            if not asking:
                self._add_again(tr("Ask again with those of now"))
        sent = link(tr("What was sent"))
        sent.clicked.connect(self.sent_wanted)
        self.rows.addWidget(sent, 0, Qt.AlignmentFlag.AlignLeft)

    def _add_again(self, words: str) -> None:
        again = link(words)
        again.clicked.connect(self.again_wanted)
        self.rows.addWidget(again, 0, Qt.AlignmentFlag.AlignLeft)

    def _headline(self, card: VerdictCard) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        if card.colour >= 0:
            line.addWidget(Swatch(self._theme.label(card.colour), size=self._theme.px(12)))
        line.addWidget(ElidedLabel(card.headline, role="title"), 1)
        if card.confidence is not None:
            number = plain_label(f"{card.confidence:.2f}", role="title")
            number.setToolTip(tr("Probability that this verdict is right, as the critic sees it"))
            line.addWidget(number)
        return line

    def _orders(self, card: VerdictCard) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(2, 1)
        for line, order in enumerate(card.orders):
            grid.addWidget(plain_label(order.order, role="caption"), line, 0)
            if order.colour >= 0:
                grid.addWidget(Swatch(self._theme.label(order.colour)), line, 1)
            grid.addWidget(ElidedLabel(order.answer), line, 2)
            if order.probability is not None:
                grid.addWidget(plain_label(f"{order.probability:.2f}"), line, 3)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        if card.agreement:
            word = plain_label(card.agreement, role="quiet" if card.agree else "")
            set_state(word, "state", "" if card.agree else "doubt")
            foot.addWidget(word)
        foot.addStretch()
        if card.examples:
            shown = ntr("{n} example", "{n} examples", card.examples).format(n=card.examples)
            foot.addWidget(plain_label(shown, role="caption"))
        grid.addLayout(foot, len(card.orders), 0, 1, 4)
        return grid

    def _places(self, places: Sequence[PlaceRow]) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(plain_label(tr("Where they differ"), role="quiet"))
        for row in places:
            button = link(str(row.number))
            button.setToolTip(tr("Go there") if row.number > 1 else tr("Go to the largest difference"))
            button.setAccessibleName(tr("Go to difference {number}").format(number=row.number))
            button.clicked.connect(lambda _=False, chosen=row: self.place_chosen.emit(chosen))
            line.addWidget(button)
        line.addStretch()
        return line

    def _add_reasons(self, reasons: Sequence[str]) -> None:
        """Show the first reasons; the rest is one click away."""
        rest: list[QLabel] = []
        for place, reason in enumerate(reasons):
            label = plain_label(reason, wrap=True, copyable=True)
            self.rows.addWidget(label)
            if place >= FIRST_REASONS:
                label.hide()
                rest.append(label)
        if not rest:
            return
        more = link(tr("{n} more reasons").format(n=len(rest)))

        def show_rest() -> None:
            more.hide()
            for label in rest:
                label.show()

        more.clicked.connect(show_rest)
        self.rows.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)

    def _words(self, words: str) -> QWidget:
        """Show what the model wrote, set apart as its own: nobody has checked it."""
        box = QFrame()
        box.setObjectName("modelWords")
        column = QVBoxLayout(box)
        column.setContentsMargins(8, 2, 0, 2)
        column.setSpacing(2)
        column.addWidget(plain_label(tr("In the model's own words, not checked"), role="caption"))
        cut = words if len(words) <= FIRST_WORDS else f"{words[:FIRST_WORDS].rsplit(' ', 1)[0]} …"
        text = plain_label(cut, role="quiet", wrap=True, copyable=True)
        column.addWidget(text)
        if cut != words:
            more = link(tr("All of them"))

            def show_all() -> None:
                more.hide()
                text.setText(words)

            more.clicked.connect(show_all)
            column.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)
        return box
