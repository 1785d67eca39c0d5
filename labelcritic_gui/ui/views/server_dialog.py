"""The panel of the model server: what to serve, the command line, how it runs, its log. Layer: ui."""

import shlex
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from labelcritic_gui.translation import N_, tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.audit_table import flowing
from labelcritic_gui.ui.views.dialogs import MARGIN, Sheet, beside
from labelcritic_gui.ui.views.words import ElidedLabel, plain_label, set_state
from labelcritic_gui.viewmodels.served import ModelServer, Phase

SIZE = (960, 680)
LOG_LINES = 400
FEWEST = N_("as few as are documented")


class ServerDialog(Sheet):
    """Follows a `ModelServer`; closing it leaves the server running, closing the window ends it."""

    def __init__(self, server: ModelServer, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(tr("Model server"), parent, width=720)
        self._server, self._theme = server, theme
        self._filling = True
        self.rows.addWidget(plain_label(tr("A model server on this machine"), role="headline"))
        note = tr("vLLM, from an environment of its own. It runs until you stop it or close the window, never longer.")
        self.rows.addWidget(ElidedLabel(note, role="quiet"))
        self.rows.addLayout(self._form())
        self.remarks = flowing("", state="doubt")
        self.rows.addWidget(self.remarks)
        self.command = self._text(tr("Command line of the server"), lines=4)
        self.command.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.rows.addWidget(self.command)
        line = QHBoxLayout()
        line.setSpacing(16)
        self.state = plain_label(wrap=True, copyable=True)
        self.memory = plain_label(role="quiet")
        line.addWidget(self.state, 1)
        line.addWidget(self.memory)
        self.rows.addLayout(line)
        self.log = self._text(tr("Log of the server"), lines=0)
        self.log.setPlaceholderText(tr("Its log comes here."))
        self.log.setMaximumBlockCount(LOG_LINES)
        self.rows.addWidget(self.log, 1)
        self._log: tuple[str, ...] = ()
        self.close_button = self.add_button(tr("Close"), self.reject)
        self.use = self.add_button(tr("Use this server"), self._use)
        self.stop = self.add_button(tr("Stop"), server.stop)
        self.start = self.add_button(tr("Start"), server.start, primary=True)
        self._connect()
        room = self.screen().availableGeometry()
        self.resize(min(theme.px(SIZE[0]), room.width() - MARGIN), min(theme.px(SIZE[1]), room.height() - 2 * MARGIN))
        server.changed.connect(self._show)
        self._show()

    def _form(self) -> QFormLayout:
        wish = self._server.wish
        self.model = QComboBox(editable=True)
        self.model.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.model.setCompleter(None)  # type: ignore[arg-type]  # it would write the end of another model's name
        self.model.addItems([model.name for model in self._server.models])
        self.model.setCurrentText(wish.model)
        self.documented = QPushButton(tr("Documented…"))
        self.gpus = QComboBox()
        self.port = QSpinBox(minimum=1024, maximum=65535, value=wish.port)
        self.port.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.port.setMinimumWidth(self._theme.px(96))
        self.port.lineEdit().setTextMargins(self._theme.px(5), 0, 0, 0)
        self.vllm = QLineEdit(
            wish.vllm, placeholderText=tr("found on PATH; else the program, or its environment's folder")
        )
        self.browse = QPushButton(tr("Browse…"))
        self.extra = QLineEdit(shlex.join(wish.extra), placeholderText=tr("such as --max-model-len 8192"))
        form = QFormLayout()
        form.setSpacing(8)
        for words, field in (
            (tr("Model"), beside(self.model, self.documented)),
            ("GPUs", beside(self.gpus, plain_label(tr("Port"), role="quiet"), self.port)),
            ("vLLM", beside(self.vllm, self.browse)),
            (tr("Further arguments"), self.extra),
        ):
            form.addRow(plain_label(words, role="quiet"), field)
        for widget, words in (
            (self.model, tr("Model")),
            (self.gpus, "GPUs"),
            (self.port, tr("Port")),
            (self.vllm, "vLLM"),
            (self.extra, tr("Further arguments")),
        ):
            widget.setAccessibleName(words)
        return form

    def _text(self, name: str, *, lines: int) -> QPlainTextEdit:
        text = QPlainTextEdit()
        text.setAccessibleName(name)
        text.setReadOnly(True)
        text.setUndoRedoEnabled(False)
        text.setTabChangesFocus(True)
        text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        if lines:
            text.setFixedHeight(text.fontMetrics().lineSpacing() * lines + self._theme.px(22))
        return text

    def _connect(self) -> None:
        server = self._server
        line = self.model.lineEdit()
        assert line is not None
        self.model.activated.connect(lambda _: self._change(lambda: server.set(model=self.model.currentText())))
        line.editingFinished.connect(lambda: self._change(lambda: server.set(model=self.model.currentText().strip())))
        self.gpus.activated.connect(lambda _: self._change(lambda: server.set(gpus=self.gpus.currentData())))
        self.port.valueChanged.connect(lambda value: self._change(lambda: server.set(port=value)))
        self.vllm.editingFinished.connect(lambda: self._change(lambda: server.set(vllm=self.vllm.text().strip())))
        self.extra.editingFinished.connect(lambda: self._change(lambda: server.set_extra(self.extra.text())))
        self.documented.setAutoDefault(False)
        self.documented.clicked.connect(lambda _=False: self.model.showPopup())
        self.browse.setAutoDefault(False)
        self.browse.clicked.connect(lambda _=False: self._ask_folder())

    def _change(self, change: Callable[[], None]) -> None:
        if not self._filling:
            change()

    def _ask_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, tr("The folder of vLLM's environment"), str(Path.home()))
        if chosen:
            self.vllm.setText(chosen)
            self._server.set(vllm=chosen)

    def _use(self) -> None:
        self._server.use()
        self.accept()

    def _show(self) -> None:
        self._filling = True
        server, look = self._server, self._server.look
        counts = server.gpu_choices or tuple(range(1, 9))
        choices = [(tr(FEWEST), 0), *((str(n), n) for n in counts)]
        if [self.gpus.itemData(n) for n in range(self.gpus.count())] != [n for _, n in choices]:
            self.gpus.clear()
            for words, count in choices:
                self.gpus.addItem(words, count)
        self.gpus.setCurrentIndex(max(0, self.gpus.findData(server.wish.gpus)))
        for field in (self.model, self.documented, self.gpus, self.port, self.vllm, self.browse, self.extra):
            field.setEnabled(not server.running)
        self._show_wish()
        self.remarks.setText(server.remarks)
        self.remarks.setVisible(bool(server.remarks))
        if self.command.toPlainText() != server.command:
            self.command.setPlainText(server.command)
        self.state.setText(server.state)
        phase = look.phase if look is not None else None
        set_state(self.state, "state", {Phase.READY: "good", Phase.FAILED: "bad"}.get(phase, "") if phase else "")
        self.memory.setText(server.memory)
        self.start.setEnabled(server.startable)
        self.stop.setEnabled(server.running and phase is not Phase.STOPPING)
        self.use.setEnabled(server.ready)
        self._show_log(look.log if look is not None else ())
        self._filling = False

    def _show_wish(self) -> None:
        """Show what is to be served, save in a field that is being written in."""
        wish, line = self._server.wish, self.model.lineEdit()
        for field, text in ((line, wish.model), (self.vllm, wish.vllm), (self.extra, shlex.join(wish.extra))):
            if field is not None and not field.hasFocus() and field.text() != text and not self._server.problem:
                field.setText(text)
        if not self.port.hasFocus():
            self.port.setValue(wish.port)

    def _show_log(self, log: tuple[str, ...]) -> None:
        if log == self._log:
            return
        self._log = log
        bar = self.log.verticalScrollBar()
        place, follows = bar.value(), bar.value() >= bar.maximum() - 1
        self.log.setPlainText("\n".join(log))
        bar.setValue(bar.maximum() if follows else place)

    def done(self, result: int) -> None:
        self._server.changed.disconnect(self._show)
        super().done(result)
