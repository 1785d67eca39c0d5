"""Wires the program together: the only place where settings, critics and services meet. Layer: bootstrap."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from labelcritic_gui.catalogue import load_catalogue
from labelcritic_gui.core.cancel import Cancel, Progress, no_progress
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.critic.base import Critic
from labelcritic_gui.critic.rule_based import RuleCritic
from labelcritic_gui.paths import config_dir
from labelcritic_gui.services import review
from labelcritic_gui.services.review import OpenReview, now
from labelcritic_gui.settings import Settings
from labelcritic_gui.store.database import Database
from labelcritic_gui.store.replies import StoredReplies

if TYPE_CHECKING:
    from labelcritic_gui.critic.lvlm import LvlmCritic
    from labelcritic_gui.critic.prompts import PromptSet


@dataclass(frozen=True)
class Services:
    """What both doors of the program, window and command line, are given."""

    settings: Settings
    structures: StructureTable

    def open_review(self, folder: Path) -> OpenReview:
        """Open a review with its critic: the review's own wish, else the settings'."""
        return review.open_review(folder, table=self.structures, critic=self.critic_of)

    def create_demonstration(
        self, folder: Path, progress: Progress = no_progress, cancel: Cancel | None = None
    ) -> OpenReview:
        """Make the demonstration review in a folder and open it."""
        from labelcritic_gui.services import demonstration

        made = demonstration.create_demonstration(folder, self.structures, progress=progress, cancel=cancel)
        return self.open_review(made.review)

    def with_settings(self, settings: Settings) -> "Services":
        """Return the same services under other settings."""
        return replace(self, settings=settings)

    def rendering_critic(self, database: Database, prompts: "PromptSet") -> "LvlmCritic":
        """Return the LVLM critic of the settings with other words, to see what it would send."""
        return lvlm_critic(self.settings, database, prompts)

    def critic_of(self, wish: str, database: Database) -> Critic:
        """Build the critic a review asks for ("anatomy" or "lvlm"); an empty wish means the settings' critic."""
        kind = wish or self.settings.critic
        return lvlm_critic(self.settings, database) if kind == "lvlm" else RuleCritic()


def lvlm_critic(settings: Settings, database: Database, prompts: "PromptSet | None" = None) -> "LvlmCritic":
    """Build the LVLM critic of a review, with the person's own prompts or these; nothing is sent until it is asked."""
    from labelcritic_gui.critic.lvlm import LvlmCritic
    from labelcritic_gui.critic.prompt_files import own_prompts_dir
    from labelcritic_gui.critic.prompts import load_prompts
    from labelcritic_gui.services.servers import connection

    words = prompts or load_prompts(own_prompts_dir())
    server = connection(settings.server, settings)
    return LvlmCritic(server, how=settings.lvlm, cache=StoredReplies(database, now), prompts=words)


def build_services(settings: Settings) -> Services:
    """Wire the program for the given settings."""
    return Services(settings, load_catalogue(config_dir() / "structures"))
