"""The dialog of critic and server: who advises, where it is asked, how, and whether that works. Layer: ui."""

from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from labelcritic_gui.translation import N_, ntr, tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.audit_table import flowing
from labelcritic_gui.ui.views.dialogs import MARGIN, POLL_MS, Sheet, beside
from labelcritic_gui.ui.views.words import plain_label, set_state
from labelcritic_gui.viewmodels.servers import ServerEditor

SIZE = (1040, 680)
VIEWS = (("frontal", N_("Frontal")), ("lateral", N_("Lateral")), ("slice", N_("Slice through the largest difference")))
CRITICS = (("anatomy", N_("Anatomy critic: measures on this machine")), ("lvlm", N_("LVLM critic: asks a server")))
SWITCHES = (
    ("region", N_("Ask once a case what is in view")),
    ("quality", N_("Ask for a score of every candidate")),
    ("reasons", N_("Ask for reasons in words")),
)


class CriticDialog(Sheet):
    """Follows a `ServerEditor`; nothing counts before Use."""

    def __init__(self, editor: ServerEditor, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(tr("Critic and server"), parent, width=760)
        self._editor, self._theme = editor, theme
        self._filling = False
        self.critic = QComboBox()
        self.critic.setAccessibleName(tr("Who advises?"))
        for kind, words in CRITICS:
            self.critic.addItem(tr(words), kind)
        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(plain_label(tr("Who advises?"), role="headline"))
        top.addWidget(self.critic, 1)
        self.rows.addLayout(top)
        self._sides = QWidget()
        sides = QHBoxLayout(self._sides)
        sides.setContentsMargins(0, 4, 0, 0)
        sides.setSpacing(32)
        sides.addLayout(self._server_side(), 1)
        sides.addLayout(self._asking_side(), 1)
        self.rows.addWidget(self._sides, 1)
        line = QHBoxLayout()
        line.setSpacing(12)
        self.where = plain_label(wrap=True, copyable=True)
        self.consent = QPushButton()
        self.consent.setAutoDefault(False)
        line.addWidget(self.where, 1)
        line.addWidget(self.consent)
        self.rows.addLayout(line)
        self.cancel = self.add_button(tr("Cancel"), self.reject)
        self.use = self.add_button(tr("Use"), self._use, primary=True)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._show_test)
        self._connect()
        editor.changed.connect(self._show)
        room = self.screen().availableGeometry()
        self.resize(min(theme.px(SIZE[0]), room.width() - MARGIN), min(theme.px(SIZE[1]), room.height() - 2 * MARGIN))
        self._show()

    # --- parts -----------------------------------------------------------------------------------------------------

    def _server_side(self) -> QVBoxLayout:
        self.profile = QComboBox()
        self.profile.setAccessibleName(tr("Server"))
        self.add = QPushButton(tr("Add"))
        self.remove = QPushButton(tr("Remove"))
        self.name = QLineEdit(placeholderText=tr("give it a name to keep it as a profile"))
        self.url = QLineEdit(placeholderText="http://127.0.0.1:8000/v1")
        self.model = QLineEdit(placeholderText=tr("the one the server offers"))
        self.in_flight = QSpinBox(minimum=1, maximum=256)
        self.timeout = QDoubleSpinBox(minimum=1, maximum=3600, decimals=0, suffix=" s")
        self.patience = QDoubleSpinBox(minimum=0, maximum=7 * 24 * 3600, decimals=0, suffix=" s")
        self.timeout.setToolTip(tr("How long one question may take"))
        self.patience.setToolTip(tr("How long questions wait for a server that is gone; 0: they fail at once"))
        self.key = QLineEdit(placeholderText=tr("write a key to keep it in the keyring"))
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.store = QPushButton(tr("Store"))
        self.key_words = flowing("", role="caption")
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addWidget(plain_label(tr("Server"), role="strong"))
        column.addLayout(beside(self.profile, self.add, self.remove))
        form = self._form(
            (tr("Name"), self.name),
            (tr("Address"), self.url),
            (tr("Model"), self.model),
            (tr("Questions at once"), self.in_flight),
            (tr("Time-out"), self.timeout),
            (tr("Patience"), self.patience),
            (tr("Key"), beside(self.key, self.store)),
        )
        form.addRow("", self.key_words)
        column.addLayout(form)
        column.addStretch()
        return column

    def _asking_side(self) -> QVBoxLayout:
        self.views = {view: QCheckBox(tr(words)) for view, words in VIEWS}
        self.shots = QSpinBox(minimum=0, maximum=10)
        self.examples = QLineEdit(placeholderText=tr("this review's own decisions"))
        self.browse = QPushButton(tr("Browse…"))
        self.switches = {name: QCheckBox(tr(words)) for name, words in SWITCHES}
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addWidget(plain_label(tr("What it is shown and asked"), role="strong"))
        grid = QGridLayout()
        grid.setSpacing(6)
        for place, check in enumerate((*self.views.values(), *self.switches.values())):
            grid.addWidget(check, place, 0)  # below each other: words are longer in other languages
        column.addLayout(grid)
        form = self._form((tr("Examples"), self.shots), (tr("taken from"), beside(self.examples, self.browse)))
        column.addLayout(form)
        column.addSpacing(8)
        self.test = QPushButton(tr("Test connection"))
        self.bar = QProgressBar(textVisible=False)
        keep = self.bar.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(keep)
        column.addLayout(beside(plain_label(tr("Does it work?"), role="strong"), self.test))
        column.addWidget(self.bar)
        self.status = flowing("", role="quiet")
        column.addWidget(self.status)
        self._area = QScrollArea(widgetResizable=True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column.addWidget(self._area, 1)
        return column

    def _form(self, *rows: tuple[str, Any]) -> QFormLayout:
        form = QFormLayout()
        form.setSpacing(8)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for words, field in rows:
            name = plain_label(words, role="quiet")
            name.setMinimumWidth(self._theme.px(112))
            form.addRow(name, field)
            if isinstance(field, QAbstractSpinBox):
                field.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
                field.lineEdit().setTextMargins(self._theme.px(5), 0, 0, 0)
            item = field.itemAt(0) if isinstance(field, QHBoxLayout) else None
            first = field if item is None else item.widget()
            if isinstance(first, QWidget):
                first.setAccessibleName(words)
        return form

    def _connect(self) -> None:
        editor = self._editor
        for button, call in (
            (self.add, editor.add),
            (self.remove, editor.remove),
            (self.store, self._store),
            (self.browse, self._ask_folder),
            (self.test, self._test),
            (self.consent, editor.change_consent),
        ):
            button.setAutoDefault(False)
            button.clicked.connect(lambda _=False, do=call: do())
        self.critic.activated.connect(lambda _: editor.set_critic(self.critic.currentData()))
        self.profile.activated.connect(editor.choose)
        for name, field in (("name", self.name), ("url", self.url), ("model", self.model)):
            field.textEdited.connect(lambda text, name=name: editor.set_server(**{name: text.strip()}))
        for name, number in (
            ("max_in_flight", self.in_flight),
            ("timeout_s", self.timeout),
            ("patience_s", self.patience),
        ):
            number.valueChanged.connect(lambda value, name=name: self._changed(**{name: value}))
        for check in self.views.values():
            check.clicked.connect(self._views_chosen)
        self.shots.valueChanged.connect(lambda value: self._asking(shots=value))
        self.examples.textEdited.connect(lambda text: editor.set_asking(examples_folder=text.strip()))
        for name, check in self.switches.items():
            check.clicked.connect(lambda on, name=name: editor.set_asking(**{name: on}))

    # --- acting ----------------------------------------------------------------------------------------------------

    def _changed(self, **fields: Any) -> None:
        if not self._filling:
            self._editor.set_server(**fields)

    def _asking(self, **fields: Any) -> None:
        if not self._filling:
            self._editor.set_asking(**fields)

    def _views_chosen(self) -> None:
        self._editor.set_asking(views=tuple(view for view, check in self.views.items() if check.isChecked()))

    def _store(self) -> None:
        self._editor.store_key(self.key.text())
        self.key.clear()

    def _ask_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, tr("Folder with examples: STRUCTURE/good and bad"))
        if chosen:
            self._editor.set_asking(examples_folder=chosen)

    def _test(self) -> None:
        if self._editor.job is None:
            self._editor.test()
        else:
            self._editor.cancel()

    def _use(self) -> None:
        self._editor.use()
        self.accept()

    # --- following the editor --------------------------------------------------------------------------------------

    def _show(self) -> None:
        self._filling = True
        editor, server, how = self._editor, self._editor.server, self._editor.lvlm
        self.critic.setCurrentIndex([kind for kind, _ in CRITICS].index(editor.critic))
        if [self.profile.itemText(n) for n in range(self.profile.count())] != list(editor.titles):
            self.profile.clear()
            self.profile.addItems(editor.titles)
        self.profile.setCurrentIndex(editor.chosen)
        fields = ((self.url, server.url), (self.model, server.model), (self.examples, how.examples_folder))
        for field, text in fields if editor.problem else ((self.name, server.name), *fields):
            if field.text().strip() != text:
                field.setText(text)
        self._show_numbers()
        for view, check in self.views.items():
            check.setChecked(view in how.views)
        for name, check in self.switches.items():
            check.setChecked(getattr(how, name))
        self.key_words.setText(editor.key_words)
        self.remove.setEnabled(len(editor.titles) > 1)
        self._sides.setEnabled(editor.asks)
        self.use.setEnabled(not editor.fault)
        self.where.setText(editor.fault or editor.where)
        set_state(self.where, "state", "bad" if editor.fault else "doubt" if editor.asks and editor.host else "")
        self.consent.setVisible(bool(editor.consent_offer))
        self.consent.setText(editor.consent_offer.replace("&", "&&"))
        self._filling = False
        self._show_results()
        self._show_test()

    def _show_numbers(self) -> None:
        """Show the numbers, save in a field that is being written in."""
        server, how = self._editor.server, self._editor.lvlm
        for whole, count in ((self.in_flight, server.max_in_flight), (self.shots, how.shots)):
            if not whole.hasFocus():
                whole.setValue(count)
        for number, seconds in ((self.timeout, server.timeout_s), (self.patience, server.patience_s)):
            if not number.hasFocus():
                number.setValue(seconds)

    def _show_test(self) -> None:
        editor, job = self._editor, self._editor.job
        self.test.setText(tr("Stop") if job is not None else tr("Test connection"))
        self.bar.setVisible(job is not None)
        (self._poll.start if job is not None else self._poll.stop)()
        words, state = "", ""
        if job is not None:
            self.bar.setMaximum(job.total)
            self.bar.setValue(job.done)
            words = tr("Asking: {what}…").format(what=job.what) if job.what else tr("Asking…")
        elif editor.said is not None:
            words = f"{editor.said.text} {editor.said.hint}".strip()
            state = "bad" if editor.said.error else ""
        elif not editor.results:
            words = tr("Nothing but grey squares is sent to test a server.")
        else:
            wrong = sum(not check.ok for check in editor.results)
            said = ntr("{wrong} of {n} is not well.", "{wrong} of {n} are not well.", wrong)
            said = said.format(wrong=wrong, n=len(editor.results))
            words = said if wrong else tr("It has all that is needed.")
            state = "bad" if wrong else "good"
        self.status.setText(words)
        set_state(self.status, "state", state)

    def _show_results(self) -> None:
        held = QWidget()
        grid = QGridLayout(held)
        grid.setContentsMargins(0, 0, 12, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(2, 1)
        for row, check in enumerate(sorted(self._editor.results, key=lambda check: check.ok)):  # what is BAD is seen
            mark = plain_label(tr("ok") if check.ok else tr("BAD"), role="strong")
            set_state(mark, "state", "good" if check.ok else "bad")
            grid.addWidget(mark, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(plain_label(check.name, role="quiet"), row, 1, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(flowing(check.sentence), row, 2)
        grid.setRowStretch(len(self._editor.results), 1)
        self._area.setWidget(held)

    def done(self, result: int) -> None:
        self._poll.stop()
        self._editor.changed.disconnect(self._show)
        self._editor.close()
        super().done(result)
