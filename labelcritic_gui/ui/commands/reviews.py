"""The commands about reviews as a whole: opening, exporting, critics, audits. Layer: ui."""

from labelcritic_gui.translation import N_
from labelcritic_gui.ui.commands.command import Command, Hand
from labelcritic_gui.viewmodels.context import Condition

_C = Condition


def _close(hand: Hand) -> None:
    hand.station.close_review()


REVIEWS: tuple[Command, ...] = (
    Command("review.new", N_("New review…"), ("Ctrl+N",), lambda h: h.face.ask_new_review(), menu="Review", icon="new"),
    Command(
        "review.open", N_("Open a review…"), ("Ctrl+O",), lambda h: h.face.ask_review(), menu="Review", icon="open"
    ),
    Command(
        "review.demonstrate",
        N_("Open the demonstration"),
        (),
        lambda h: h.face.ask_demonstration(),
        menu="Review",
        icon="demonstration",
    ),
    Command(
        "review.export",
        N_("Export what was accepted…"),
        ("Ctrl+E",),
        lambda h: h.face.ask_export(),
        _C.REVIEW_OPEN,
        "Review",
        icon="export",
    ),
    Command(
        "review.critic",
        N_("Critic and server…"),
        ("Ctrl+L",),
        lambda h: h.face.ask_critic(),
        menu="Review",
        icon="server",
    ),
    Command(
        "review.serve",
        N_("Model server…"),
        ("Ctrl+M",),
        lambda h: h.face.ask_model_server(),
        menu="Review",
        icon="server",
    ),
    Command(
        "review.audit",
        N_("Audit the critic…"),
        ("Ctrl+U",),
        lambda h: h.face.ask_audit(),
        _C.REVIEW_OPEN,
        "Review",
        icon="audit",
    ),
    Command(
        "review.bench",
        N_("Can I trust this critic? The bench…"),
        ("Ctrl+B",),
        lambda h: h.face.ask_bench(),
        _C.REVIEW_OPEN,
        "Review",
        icon="audit",
    ),
    Command(
        "review.outliers",
        N_("Outliers of this review…"),
        ("Ctrl+D",),
        lambda h: h.face.show_outliers(),
        _C.ASSISTED,
        "Review",
        icon="search",
    ),
    Command(
        "review.mode",
        N_("How this review is read…"),
        ("Ctrl+Shift+M",),
        lambda h: h.face.ask_mode(),
        _C.REVIEW_OPEN,
        "Review",
        icon="info",
    ),
    Command(
        "review.ledger",
        N_("Ledger of the readers…"),
        ("Ctrl+J",),
        lambda h: h.face.show_ledger(),
        _C.REVIEW_OPEN,
        "Review",
        icon="info",
    ),
    Command(
        "review.prompts",
        N_("Edit the prompts…"),
        ("Ctrl+P",),
        lambda h: h.face.ask_prompts(),
        menu="Review",
        icon="note",
    ),
    Command("review.close", N_("Close the review"), ("Ctrl+W",), _close, _C.REVIEW_OPEN, "Review", mode=None),
    Command("app.quit", N_("Quit"), ("Ctrl+Q",), lambda h: h.face.quit(), menu="Review", mode=None),
)
