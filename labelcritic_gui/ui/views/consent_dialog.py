"""The question that is asked once before pictures go to a server that is not this machine. Layer: ui."""

from PySide6.QtWidgets import QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.views.dialogs import Sheet
from labelcritic_gui.ui.views.words import plain_label
from labelcritic_gui.viewmodels.servers import consent_words


class ConsentDialog(Sheet):
    """Accepted, the person agreed to the host; nothing is sent otherwise. Enter does not agree by accident."""

    def __init__(self, host: str, parent: QWidget | None = None) -> None:
        super().__init__(tr("Send pictures?"), parent, width=520)
        self.rows.addWidget(plain_label(tr("Pictures would leave this machine"), role="headline"))
        self.words = plain_label(consent_words(host), wrap=True, copyable=True)
        self.rows.addWidget(self.words)
        note = tr("Nothing is sent until you agree. You are asked once for each host; Ctrl+L shows where pictures go.")
        self.rows.addWidget(plain_label(note, role="quiet", wrap=True))
        self.agree = self.add_button(
            tr("Agree to send to {replace}").format(replace=host.replace(chr(38), chr(38) * 2)), self.accept
        )
        self.refuse = self.add_button(tr("Do not send"), self.reject, primary=True)
        self.refuse.setFocus()
