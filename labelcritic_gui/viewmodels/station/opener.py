"""What a window needs of the services, and how a review is bound to its calls. Layer: viewmodels."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from labelcritic_gui.core.cancel import Cancel, Progress
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.settings import Settings
from labelcritic_gui.viewmodels.calls import ReviewCalls

if TYPE_CHECKING:
    from labelcritic_gui.critic.lvlm import LvlmCritic
    from labelcritic_gui.critic.prompts import PromptSet
    from labelcritic_gui.store.database import Database


class ReviewOpener(Protocol):
    """The part of `bootstrap.Services` that a window needs."""

    @property
    def settings(self) -> Settings:
        """The settings the services were built from."""

    @property
    def structures(self) -> StructureTable:
        """The known structures."""

    def open_review(self, folder: Path) -> OpenReview:
        """Open a review folder."""

    def with_settings(self, settings: Settings) -> "ReviewOpener":
        """Return the same services under other settings."""

    def rendering_critic(self, database: "Database", prompts: "PromptSet") -> "LvlmCritic":
        """Return the LVLM critic of the settings with other words, to see what it would send."""

    def create_demonstration(self, folder: Path, progress: Progress, cancel: Cancel) -> OpenReview:
        """Make the demonstration review, or open it when it is there already."""


Bind = Callable[[OpenReview, str], ReviewCalls]
