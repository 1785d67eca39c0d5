"""The reading screen: worklist, stage, cards, message line and decision bar, bound to the station. Layer: ui."""

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from labelcritic_gui.core.blinding import Mode
from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.translation import tr
from labelcritic_gui.ui.deciding.decision_bar import ACCEPTS, DecisionBar, command_of
from labelcritic_gui.ui.keymap import Keys
from labelcritic_gui.ui.patchwork.view import PatchworkView
from labelcritic_gui.ui.sheet.sheet_view import SheetView
from labelcritic_gui.ui.stage.seeing import Seeing
from labelcritic_gui.ui.stage.stage import ReviewStage
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.cards import SideCards
from labelcritic_gui.ui.views.finished_page import FinishedPage
from labelcritic_gui.ui.views.header import Header
from labelcritic_gui.ui.views.message_line import MessageLine
from labelcritic_gui.ui.worklist.panel import WorklistPanel
from labelcritic_gui.viewmodels import reading_words
from labelcritic_gui.viewmodels.cards import Placed, PlaceRow, colour_of
from labelcritic_gui.viewmodels.context import Condition, holding
from labelcritic_gui.viewmodels.messages import Message
from labelcritic_gui.viewmodels.modes import mode_words
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.screens import ScreenMode
from labelcritic_gui.viewmodels.station import Station

LEFT_W, RIGHT_W = 272, 276
POLL_MS = 300
AFTER_PICTURE_MS = 60
"""List and cards follow the picture; where it takes longer than this, they come before it."""


class ReadingScreen(QWidget):
    """Shows the reading that the station has open."""

    def __init__(
        self, station: Station, theme: Theme, keys: Keys, header: Header, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._station = station
        self._theme = theme
        self._header = header
        self._reading: Reading | None = None
        self._waits = ""
        self.worklist = WorklistPanel(theme)
        self.stage = ReviewStage(theme, station.looking)
        self.stage.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.seeing = Seeing(self.stage, theme)
        self.cards = SideCards(theme)
        self.message = MessageLine(theme)
        self.bar = DecisionBar(theme, keys)
        self.sheet = SheetView(theme, keys)
        self.patchwork = PatchworkView(theme, keys, station.looking)
        self.finished = FinishedPage(keys, self.stage)
        self._lay_out()
        self.stage.painted.connect(self._painted)
        self.cards.finding_chosen.connect(self._go_to_place)
        self.stage.retry.connect(lambda: self._tell(Reading.reload))
        self.stage.slices_wanted.connect(self._want_slices)
        self.cards.again_wanted.connect(lambda: self._tell(Reading.ask_again))
        self.worklist.chosen.connect(self._choose)
        self.bar.chip.connect(lambda code: self._tell(Reading.toggle_reason, code))
        self.bar.rated.connect(lambda quality: self._tell(Reading.rate, quality))
        self.bar.noted.connect(lambda text: self._tell(Reading.set_note, text))
        self.bar.drafted.connect(lambda text: self._tell(Reading.draft_note, text))
        self.bar.strip.chosen.connect(self._choose)
        self._after_picture = QTimer(self, singleShot=True)
        self._after_picture.timeout.connect(self._show_rest)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._show_critic)
        self.set_theme(theme)

    def _lay_out(self) -> None:
        left, right = QWidget(), QWidget()
        for side, name, content in ((left, "left", self.worklist), (right, "right", self.cards)):
            side.setObjectName(name)
            side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
            box = QVBoxLayout(side)
            box.setContentsMargins(0, 0, 0, 0)
            box.addWidget(content)
        self.splitter = QSplitter()
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter_kept = False
        """The reader, or the last session, set the widths: a theme leaves them alone."""
        self.splitter.splitterMoved.connect(self._keep_widths)
        self._sides = (left, right)
        self.middle = QStackedWidget()
        self.middle.addWidget(self.stage)
        self.middle.addWidget(self.sheet)
        self.middle.addWidget(self.patchwork)
        for part in (left, self.middle, right):
            self.splitter.addWidget(part)
        self.splitter.setStretchFactor(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.splitter, 1)
        column.addWidget(self.bar)
        self.message.setParent(self)
        self.message.changed.connect(self._place_message)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_message()
        self.finished.setGeometry(self.stage.rect())

    def _place_message(self) -> None:
        """News lie beside the reasons; what stays, and an error, gets a line of its own above the bar."""
        message, bar = self.message, self.bar
        if self._mode_view is not None:
            self._place_on(self._mode_view)
            return
        if message.message is not None and (message.message.error or message.message.stays):
            # under the stage alone: counts and cards stay in sight
            middle = self.middle.geometry().translated(self.splitter.pos())
            height = max(self._theme.px(32), message.heightForWidth(middle.width()) + 8)
            message.setGeometry(middle.x(), bar.y() - height, middle.width(), height)
            return
        room = bar.message_room()
        message.setGeometry(QRect(bar.mapTo(self, room.topLeft()), room.size()))

    @property
    def _mode_view(self) -> SheetView | PatchworkView | None:
        """The screen that has taken the place of the reading; None while reading."""
        content = self.middle.currentWidget()
        return content if isinstance(content, SheetView | PatchworkView) else None

    def _place_on(self, sheet: SheetView | PatchworkView) -> None:
        """News lie over the words of a screen's foot; an error gets a line of its own above it."""
        message = self.message
        if message.message is not None and message.message.error:
            height = max(self._theme.px(32), message.heightForWidth(sheet.width()) + 8)
            room = QRect(0, sheet.foot_top() - height, sheet.width(), height)
        else:
            room = sheet.message_room()
        message.setGeometry(QRect(sheet.mapTo(self, room.topLeft()), room.size()))

    def show_mode(self) -> None:
        """Show the screen whose keys are in force: another one takes the place of stage, cards and bar."""
        mode = self._station.mode
        if mode is ScreenMode.SHEET:
            self.sheet.attach(self._station.sheet())
        elif mode is ScreenMode.PATCHWORK:
            self.patchwork.attach(self._station.patchwork())
        shown = {ScreenMode.SHEET: self.sheet, ScreenMode.PATCHWORK: self.patchwork}
        self.middle.setCurrentWidget(shown.get(mode, self.stage))
        for part in (self._sides[1], self.bar):
            part.setVisible(mode is ScreenMode.READING)
        self.focus_content()
        self._place_message()

    def focus_content(self) -> None:
        """Give the keys to what is on the screen; from the list's own window too."""
        apart = self.worklist.window()
        if apart is not self.window() and apart.isActiveWindow():
            if (field := apart.focusWidget()) is not None:
                field.clearFocus()
            self.window().activateWindow()
        self.content.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def content(self) -> QWidget:
        """What is in the middle: the stage, or the screen that has taken its place."""
        return self._mode_view or self.stage

    @property
    def shows_all(self) -> bool:
        """Say whether list, stage and cards stand side by side, so that their widths mean something."""
        return all(side.isVisibleTo(self) for side in self._sides)

    def _keep_widths(self, *_: int) -> None:
        self.splitter_kept = True

    def part_list(self) -> WorklistPanel:
        """Give the worklist away, to stand in a window of its own."""
        self._sides[0].hide()
        return self.worklist

    def take_list_back(self) -> None:
        """Put the worklist back in its place."""
        if (box := self._sides[0].layout()) is not None:
            box.addWidget(self.worklist)
        self._sides[0].show()

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self._theme = theme
        self.seeing.set_theme(theme)
        self.sheet.set_theme(theme)
        self.patchwork.set_theme(theme)
        for part in (self.worklist, self.stage, self.cards, self.message):
            part.set_theme(theme)
        left, right = theme.px(LEFT_W), theme.px(RIGHT_W)
        for side, width in zip(self._sides, (212, 230), strict=True):
            side.setMinimumWidth(theme.px(width))
        if not self.splitter_kept:
            self.splitter.setSizes([left, max(400, self.width() - left - right), right])
        self.bar.set_theme(theme)
        self._show_buttons()
        self._show_cards()

    def show_keys(self, keys: Keys) -> None:
        """Show other keys on the buttons."""
        self.bar.show_keys(keys)
        self.sheet.show_keys(keys)
        self.patchwork.show_keys(keys)
        self.finished.show_keys(keys)

    # --- binding -----------------------------------------------------------------------------------------------

    def attach(self) -> None:
        """Show the station's open review, or none."""
        self._reading = reading = self._station.reading
        label_sets = reading.calls.label_sets if reading and not reading.blinding.mode.hides else ()
        self.worklist.attach(self._station.worklist, label_sets)
        self.message.dismiss()
        self.stage.clear()
        self.stage.attach(self._station.views)
        self.seeing.attach(self._station.tour)
        self.cards.clear()
        self.finished.hide()
        if reading is None:
            self._poll.stop()
            self.sheet.attach(None)
            self.patchwork.attach(None)
            self._header.show_review("", "")
            return
        reading.item_changed.connect(self._show_item)
        reading.stage_changed.connect(self._show_stage)
        reading.volume_changed.connect(self._show_slices)
        self.stage.loading = lambda: reading.loading
        reading.opinions_changed.connect(self._show_opinions)
        reading.state_changed.connect(self._show_state)
        reading.made_changed.connect(self._show_made)
        reading.said.connect(self._say)
        if self._station.worklist is not None:
            self._station.worklist.counts_changed.connect(self._show_place)
            self._station.worklist.counts_changed.connect(self._show_pace)
            self._station.worklist.reset.connect(self._show_place)
        self._header.show_review(reading.calls.title, f"[{mode_words(reading.calls.mode)}]")
        self._poll.start()
        self._show_critic()
        self._show_made()
        self.stage.setFocus()

    def _say(self, message: Message) -> None:
        if not reading_words.is_said_by_stage(self._reading, message):
            self.message.say(message)

    def _tell(self, method: Callable[..., None], *arguments: object) -> None:
        if self._reading is not None:
            method(self._reading, *arguments)

    def _choose(self, item: ItemId) -> None:
        self.keep_note()
        self._tell(Reading.open_item, item)

    def keep_note(self) -> None:
        """Hand over a note that is still being written, while its item is on the stage."""
        if self.bar.note.hasFocus():
            self.stage.setFocus()

    def _painted(self) -> None:
        if self._reading is not None:
            self._reading.painted()
        if self._after_picture.isActive():
            self._after_picture.start(0)

    def _show_rest(self) -> None:
        """Show what can wait until the picture is on the screen: the place in the list, and the cards."""
        reading = self._reading
        if reading is not None:
            self.worklist.show_item(reading.item if reading.list_follows else None)
            self.cards.build()

    def _show_item(self) -> None:
        reading = self._reading
        if reading is None:
            return
        self._after_picture.start(AFTER_PICTURE_MS)
        self.message.leave()
        self.finished.follow(finished=reading.finished)
        self.bar.show_note("", anew=True)
        self.stage.show_waiting(tr("Loading…") if reading.item else "")
        self._show_place()
        self._show_state()
        self.bar.strip.show_made(reading.made, reading.item)
        self._show_buttons()
        self._show_cards()

    def _show_stage(self) -> None:
        if (reading := self._reading) is None:
            return
        if reading.failure is not None:
            self.stage.show_failure(reading.failure)
            if reading_words.is_said_by_stage(reading, self.message.message):
                self.message.dismiss()
        elif reading.stage is not None:
            more = reading.ordering.off_stage
            self.stage.show_stage(reading.stage, colours=reading.colour_of, named=reading.named, more=more)
        self._show_place()
        self._show_opinions()

    def _go_to_place(self, row: Placed) -> None:
        """Go to a finding, or to a place where the candidates differ: there the tour goes on."""
        self.stage.go_to(row)
        if isinstance(row, PlaceRow) and self._station.tour is not None:
            self._station.tour.jump_to(row.place)

    def _want_slices(self, wanted: bool) -> None:
        """Load the slices after a failure, or give them up."""
        if self._reading is not None:
            slicing = self._reading.slicing
            (slicing.want if wanted else slicing.cancel)()

    def _show_slices(self) -> None:
        if self._reading is not None:
            self.stage.fail_slices(self._reading.slicing.failure)

    def _show_opinions(self) -> None:
        self._show_cards()
        self._show_buttons()

    def _show_cards(self) -> None:
        reading = self._reading
        if (field := self.focusWidget()) is not None and self.cards.isAncestorOf(field):
            self.stage.setFocus()  # a card that goes would leave the focus to the next field, and keys would be text
        if reading is None or reading.stage is None:
            self.cards.clear()
            return
        self.cards.show_opinions(
            reading.stage,
            reading.opinions,
            reading.label_sets,
            waiting=reading_words.waiting_words(reading),
            asking=reading.critic.job is not None or not reading.verdict_visible,
        )
        self.stage.show_findings((*self.cards.findings, *self.cards.places))

    def _show_buttons(self) -> None:
        reading = self._reading
        if reading is None:
            return
        if reading.stage is None:
            if reading.failure is not None or reading.finished:
                for name in (*ACCEPTS, "decide.accept_pick"):
                    self.bar.buttons[name].setEnabled(False)
            return
        pick = colour_of(reading.label_sets, reading.pick.label_set) if reading.pick else -1
        self.bar.dress(self._theme, reading_words.button_titles(reading), pick=pick)
        comes = reading.blinding.mode is Mode.BLIND_FIRST
        self.bar.show_return(advised=reading.verdict_visible, revealed=reading.revealed, comes=comes)
        for place, panel in enumerate(reading.stage.panels, 1):
            self.bar.buttons[f"decide.accept_{place}"].setEnabled(panel.candidate is not None)
        self.bar.buttons["decide.accept_pick"].setEnabled(Condition.HAS_PICK in holding(self._station))

    def _show_state(self) -> None:
        reading = self._reading
        if reading is not None:
            self.bar.show_remarks(reading.mark_of, reading.quality)
            self.bar.show_in_force(reading.blinding.command or command_of(reading.state, reading.sides))
            self.bar.show_note(reading.noting.text)
            self._show_place()

    def _show_made(self) -> None:
        reading = self._reading
        if reading is None:
            return
        self.bar.strip.show_made(reading.made, reading.item)
        self._show_pace()

    def _show_pace(self) -> None:
        if self._reading is not None:
            self.worklist.show_pace(reading_words.pace_words(self._reading))

    def _show_place(self) -> None:
        reading = self._reading
        self._header.show_item(
            *(reading_words.item_words(reading) if reading is not None else reading_words.ItemWords())
        )

    def _show_critic(self) -> None:
        reading = self._reading
        if reading is None:
            return
        reading.critic.tick()
        words = reading_words.critic_words(reading)
        if words.waits != self._waits:
            self._waits = words.waits
            self._show_cards()
        remote, withheld = self._station.remote_server, bool(self._station.host_to_agree)
        self._header.show_critic(words.text, words.state, remote, withheld=withheld)
