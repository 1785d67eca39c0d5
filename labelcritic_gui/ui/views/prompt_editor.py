"""The prompt editor: files, text, what is wrong with it, and beside it what would be sent. Layer: ui."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from labelcritic_gui.translation import N_, ntr, tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.ask_bar import Answer, AskBar
from labelcritic_gui.ui.views.dialogs import Sheet
from labelcritic_gui.ui.views.prompt_pages import PromptPages
from labelcritic_gui.ui.views.prompt_text import PromptText
from labelcritic_gui.ui.views.words import ElidedLabel, plain_label, set_state
from labelcritic_gui.viewmodels.messages import Message
from labelcritic_gui.viewmodels.prompt_editor import FileRow, Mark, PromptEditor

SIZE = (1330, 720)
LEAST = 980
FILES_W, MARK_W = 208, 66
PROBLEMS_H, PROBLEM_H = 92, 23
PAUSE_MS = 300
"""So long after the last key a text is looked at."""
SHORT = 12
NAME = Qt.ItemDataRole.UserRole
_MARKS = {Mark.SHIPPED: "", Mark.CHANGED: N_("changed"), Mark.OWN: N_("own")}


class PromptEditorDialog(Sheet):
    """Follows a `PromptEditor`. Texts that are not saved are asked about before it closes."""

    def __init__(self, editor: PromptEditor, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(tr("Prompts"), parent, width=LEAST)
        self.editor, self._theme = editor, theme
        self._leaving = False
        self.set_words = ElidedLabel(role="quiet")
        self.files = QTreeWidget()
        self.file_title = ElidedLabel(role="strong")
        self.file_mark = plain_label(role="caption")
        self.text = PromptText(theme)
        self.problems = QListWidget()
        self.verdict = plain_label(role="quiet")
        self.pages = PromptPages(editor, theme)
        self.asking = AskBar()
        self.status: QLabel = plain_label(role="quiet", wrap=True, copyable=True)
        self._lay_out()
        self._add_buttons()
        self._pause = QTimer(self, interval=PAUSE_MS, singleShot=True)
        self._pause.timeout.connect(self._look)
        self._bind()
        self.fit_screen(*SIZE)

    # --- building ------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.setContentsMargins(20, 14, 20, 14)
        column.setSpacing(10)
        self.rows.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(plain_label(tr("Prompts"), role="headline"))
        head.addWidget(self.set_words, 1)
        self.rows.addLayout(head)
        body = QSplitter()
        body.setChildrenCollapsible(False)
        body.setHandleWidth(self._theme.px(16))
        body.setStyleSheet("QSplitter::handle { background: transparent; }")
        for part in (self.files, self._middle(), self.pages):
            body.addWidget(part)
        body.setStretchFactor(1, 1)
        body.setStretchFactor(2, 1)
        body.setSizes([self._theme.px(FILES_W), 540, 520])
        self.rows.addWidget(body, 1)
        self.rows.addWidget(self.asking)
        self._dress_files()

    def _middle(self) -> QWidget:
        part = QWidget()
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.file_title, 1)
        line.addWidget(self.file_mark)
        column.addLayout(line)
        column.addWidget(self.text, 1)
        column.addWidget(self.verdict)
        self.problems.setAccessibleName(tr("Problems"))
        self.problems.setWordWrap(True)
        self.problems.hide()
        column.addWidget(self.problems)
        return part

    def _dress_files(self) -> None:
        files = self.files
        files.setAccessibleName(tr("Files"))
        files.setObjectName("promptFiles")
        files.setColumnCount(2)
        files.setHeaderHidden(True)
        files.setRootIsDecorated(False)
        files.setIndentation(self._theme.px(10))
        files.setMinimumWidth(self._theme.px(FILES_W))
        files.header().setStretchLastSection(False)
        files.header().setSectionResizeMode(0, files.header().ResizeMode.Stretch)
        files.header().resizeSection(1, self._theme.px(MARK_W))
        files.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def _add_buttons(self) -> None:
        self.new = QPushButton(tr("New structure…"))
        self.reset = QPushButton(tr("Reset to the shipped text…"))
        for place, button in enumerate((self.new, self.reset)):
            self.buttons.insertWidget(place, button)
        self.buttons.insertWidget(2, self.status, 1)
        self.save = self.add_button(tr("Save"), self._save, primary=True)
        self.leave = self.add_button(tr("Close"), self.reject)
        for button in (self.new, self.reset, self.save, self.leave):
            button.setDefault(False)  # Enter in the list or the text must not save
            button.setAutoDefault(False)
        self.save.setToolTip(tr("Ctrl+S"))

    def _bind(self) -> None:
        editor = self.editor
        self._followed = (
            (editor.files_changed, self._show_files),
            (editor.chosen_changed, self._show_chosen),
            (editor.looked, self._show_found),
            (editor.saved, self._show_saved),
            (editor.said, self._say),
        )
        for signal, follower in self._followed:
            signal.connect(follower)
        self.files.currentItemChanged.connect(self._choose)
        self.text.textChanged.connect(self._written)
        self.problems.itemActivated.connect(self._go_to)
        self.problems.itemClicked.connect(self._go_to)
        self.new.clicked.connect(lambda _=False: self._ask_structure())
        self.reset.clicked.connect(lambda _=False: self._ask_reset())
        QShortcut(QKeySequence(QKeySequence.StandardKey.Save), self, self._save)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.editor.chosen is None:
            self.editor.start()

    # --- coming and going ----------------------------------------------------------------------------------------

    def done(self, result: int) -> None:
        if self.editor.unsaved and not self._leaving:
            self._ask_leave()
            return
        self._pause.stop()
        self.pages.preview.stop()
        for signal, follower in self._followed:
            signal.disconnect(follower)
        self.editor.close()
        super().done(result)

    def _ask_leave(self) -> None:
        names = ", ".join(row.title for row in self.editor.rows if row.unsaved)
        answers = (
            Answer(tr("Save and close"), lambda: self.editor.save_all(self._go), primary=True),
            Answer(tr("Discard"), self._discard),
            Answer(tr("Keep writing"), self.text.setFocus),
        )
        self.asking.ask(tr("Not saved yet: {names}.").format(names=names), answers)

    def _go(self) -> None:
        self._leaving = True
        self.accept()

    def _discard(self) -> None:
        self._leaving = True
        self.editor.discard()
        self.reject()

    # --- what hands do -------------------------------------------------------------------------------------------

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and item.data(0, NAME):
            self.editor.choose(item.data(0, NAME))

    def _written(self) -> None:
        self.status.setText("")
        self.editor.edit(self.text.toPlainText())
        self._pause.start()

    def _look(self) -> None:
        self.editor.look()
        self.pages.preview.waiting()

    def _save(self) -> None:
        self.editor.save()

    def _ask_structure(self) -> None:
        offered = self.editor.wordless
        text = tr("Words of their own for the structure (the general ones are a beginning):")
        begin = Answer(
            tr("Begin"), lambda: self.editor.add(self.asking.word) if self.asking.word else None, primary=True
        )
        self.asking.ask(
            text, (begin, Answer(tr("Cancel"), self.text.setFocus)), offered=offered, hint=tr("such as thyroid_gland")
        )

    def _ask_reset(self) -> None:
        chosen = self.editor.chosen
        if chosen is None:
            return
        own = chosen.mark is Mark.OWN
        text = tr("Take your words for {title} away? The general ones are used then.").format(title=chosen.title)
        if not own:
            text = tr("Take your text of {name} away? The shipped one counts again.").format(name=chosen.name)
        reset = Answer(tr("Remove it") if own else tr("Reset it"), self.editor.reset, primary=True)
        self.asking.ask(text, (reset, Answer(tr("Cancel"), self.text.setFocus)))

    def _go_to(self, item: QListWidgetItem) -> None:
        line = item.data(NAME)
        if line:
            self.text.go_to(line)

    # --- following the editor ------------------------------------------------------------------------------------

    def _show_files(self) -> None:
        self.files.blockSignals(True)
        self.files.clear()
        for title, template in ((tr("Questions"), True), (tr("Structures"), False)):
            group = QTreeWidgetItem([title])
            group.setFlags(Qt.ItemFlag.ItemIsEnabled)
            group.setForeground(0, self._theme.colour("text-quiet"))
            self.files.addTopLevelItem(group)
            group.addChildren([self._entry(row) for row in self.editor.rows if row.template is template])
            group.setExpanded(True)
        self._mark_chosen()
        self.files.blockSignals(False)
        self._show_head()

    def _entry(self, row: FileRow) -> QTreeWidgetItem:
        item = QTreeWidgetItem([row.title, tr("unsaved") if row.unsaved else tr(_MARKS[row.mark])])
        item.setData(0, NAME, row.name)
        item.setToolTip(0, f"{row.name}: {tr(row.mark.value)}{tr(', not saved yet') if row.unsaved else ''}")
        item.setForeground(1, self._theme.colour("doubt" if row.unsaved else "text-quiet"))
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return item

    def _mark_chosen(self) -> None:
        for place in range(self.files.topLevelItemCount()):
            group = self.files.topLevelItem(place)
            for number in range(group.childCount() if group is not None else 0):
                child = group.child(number) if group is not None else None
                if child is not None and child.data(0, NAME) == self.editor.name:
                    self.files.setCurrentItem(child)

    def _show_head(self) -> None:
        chosen = self.editor.chosen
        saved = self.editor.hash[:SHORT] or tr("cannot be used as it is on disk")
        self.set_words.setText(
            tr("Prompt set {saved}. Every verdict is kept with the set that it was asked with.").format(saved=saved)
        )
        self.save.setEnabled(chosen is not None and chosen.unsaved)
        if chosen is None:
            return
        self.file_title.setText(chosen.name)
        self.file_mark.setText(
            tr("{value}, not saved").format(value=tr(chosen.mark.value)) if chosen.unsaved else tr(chosen.mark.value)
        )
        set_state(self.file_mark, "state", "doubt" if chosen.unsaved else "")
        self.reset.setText(tr("Remove…") if chosen.mark is Mark.OWN else tr("Reset to the shipped text…"))
        self.reset.setEnabled(chosen.mark is not Mark.SHIPPED or chosen.unsaved)

    def _show_chosen(self) -> None:
        chosen = self.editor.chosen
        if chosen is None:
            return
        self._pause.stop()
        self.text.blockSignals(True)
        self.text.show_text(self.editor.text, template=chosen.template)
        self.text.blockSignals(False)
        self._show_problems()
        self._mark_chosen()
        self._show_head()
        self.pages.show_file()

    def _show_found(self) -> None:
        self._show_problems()
        self.pages.show_found()

    def _show_problems(self) -> None:
        found = self.editor.found
        problems = found.problems if found is not None else ()
        self.text.mark([problem.line for problem in problems])
        self.problems.clear()
        for problem in problems:
            item = QListWidgetItem(str(problem))
            item.setData(NAME, problem.line)
            self.problems.addItem(item)
        self.problems.setVisible(bool(problems))
        lines = max(2, len(problems))  # a long one takes two
        self.problems.setFixedHeight(min(self._theme.px(PROBLEMS_H), lines * self._theme.px(PROBLEM_H)))
        count = ntr("one problem", "{n} problems", len(problems)).format(n=len(problems))
        self.verdict.setText("" if found is None else f"✕ {count}" if problems else tr("Nothing wrong with this text."))
        set_state(self.verdict, "state", "bad" if problems else "")

    def _show_saved(self) -> None:
        self._say(Message(tr("Saved.")))

    def _say(self, message: Message) -> None:
        set_state(self.status, "state", "bad" if message.error else "")
        self.status.setText(f"{message.text} {message.hint}".strip())
