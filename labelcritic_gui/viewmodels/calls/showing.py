"""What the stage and the cards ask: pictures, opinions, what was sent, what the files are. Layer: viewmodels."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from labelcritic_gui.core.cancel import Cancel, Progress
from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.geometry import Volume
from labelcritic_gui.core.tour import Tour
from labelcritic_gui.imaging.frame import View
from labelcritic_gui.imaging.projection import Ray
from labelcritic_gui.services import comparison, inspection, pictures, slices, thumbnails
from labelcritic_gui.services import tour as services_tour
from labelcritic_gui.services.comparison import Opinions, Stage
from labelcritic_gui.services.inspection import InspectedFile
from labelcritic_gui.services.projection import CasePictures
from labelcritic_gui.services.slices import CaseVolume
from labelcritic_gui.services.thumbnails import SmallStage
from labelcritic_gui.services.tour import Pair, Remarks
from labelcritic_gui.viewmodels.calls.bound import Bound

if TYPE_CHECKING:  # what is not needed to open a review is imported when it is asked for
    from labelcritic_gui.critic.lvlm import LvlmCritic
    from labelcritic_gui.services.prompt_preview import Ask, Preview
    from labelcritic_gui.services.sent import SentItem
    from labelcritic_gui.store.database import Database


class ShowingCalls(Protocol):
    """What the stage and the cards ask: pictures, opinions, what was sent, what the files are."""

    def load_stage(self, item: ItemId, cancel: Cancel | None = None) -> Stage:
        """Load pictures and silhouettes. Lane CPU."""

    def load_small_stages(self, items: Sequence[ItemId], window: str, cancel: Cancel) -> tuple[SmallStage, ...]:
        """Load small pictures of a case's items for the contact sheet. Lane CPU."""

    def load_pictures(self, case: CaseId, view: View, ray: Ray, cancel: Cancel) -> CasePictures[CandidateId]:
        """Load a case's projections along a view, with the silhouettes of all its candidates. Lane CPU."""

    def load_volume(
        self, case: CaseId, cancel: Cancel, progress: Progress, *, image: Volume | None = None
    ) -> CaseVolume:
        """Load a case's image, unless it is at hand, and its candidates' masks, for slices. Lane CPU."""

    def find_differences(self, held: CaseVolume, pair: Pair, cancel: Cancel) -> Tour:
        """Return where two candidates of a case in memory differ. Lane CPU."""

    def remarks_at(self, pair: Pair, tour: Tour) -> Remarks:
        """Return what a critic says at each stop of a tour. Lane CPU."""

    def load_opinions(self, item: ItemId) -> Opinions:
        """Load what is stored of verdicts and facts. Lane STORE."""

    def sent(self, item: ItemId, cancel: Cancel) -> "SentItem":
        """Return what the critic was asked and answered, with the pictures. Lane CPU."""

    def preview(
        self, item: ItemId, ask: "Ask", render: "Callable[[Database], LvlmCritic]", words_of: str, cancel: Cancel
    ) -> "Preview":
        """Return what a critic would send about an item; see `services.prompt_preview.preview`. Lane CPU."""

    def inspect_item(self, item: ItemId, cancel: Cancel, progress: Progress) -> tuple[InspectedFile, ...]:
        """Say what the image and each candidate's file are. Lane CPU."""


class Showing(Bound):
    """The real thing."""

    def load_stage(self, item: ItemId, cancel: Cancel | None = None) -> Stage:
        """Load pictures and silhouettes."""
        return comparison.load_stage(self._review, item, cancel=cancel)

    def load_small_stages(self, items: Sequence[ItemId], window: str, cancel: Cancel) -> tuple[SmallStage, ...]:
        """Load small pictures of a case's items for the contact sheet."""
        return thumbnails.load_small_stages(self._review, items, window, cancel=cancel)

    def load_pictures(self, case: CaseId, view: View, ray: Ray, cancel: Cancel) -> CasePictures[CandidateId]:
        """Load a case's projections along a view, with the silhouettes of all its candidates."""
        return pictures.ray_pictures(self._review, case, view=view, ray=ray, cancel=cancel)

    def load_volume(
        self, case: CaseId, cancel: Cancel, progress: Progress, *, image: Volume | None = None
    ) -> CaseVolume:
        """Load a case's image, unless it is at hand, and its candidates' masks, for slices."""
        return slices.load_case_volume(self._review, case, cancel=cancel, progress=progress, image=image)

    def find_differences(self, held: CaseVolume, pair: Pair, cancel: Cancel) -> Tour:
        """Return where two candidates of a case in memory differ."""
        return services_tour.find_differences(held, pair, cancel=cancel)

    def remarks_at(self, pair: Pair, tour: Tour) -> Remarks:
        """Return what a critic says at each stop of a tour."""
        return self._naming.remarks(services_tour.remarks_at(self._review, pair, tour))

    def load_opinions(self, item: ItemId) -> Opinions:
        """Load what is stored of verdicts and facts."""
        return self._naming.opinions(comparison.load_opinions(self._review, item))

    def sent(self, item: ItemId, cancel: Cancel) -> "SentItem":
        """Return what the critic was asked and answered, with the pictures."""
        from labelcritic_gui.services.sent import sent_item

        return sent_item(self._review, item, cancel=cancel)

    def preview(
        self, item: ItemId, ask: "Ask", render: "Callable[[Database], LvlmCritic]", words_of: str, cancel: Cancel
    ) -> "Preview":
        """Return what a critic would send about an item."""
        from labelcritic_gui.services.prompt_preview import preview

        critic = render(self._review.database)
        return preview(self._review, item, critic, ask, words_of=words_of, cancel=cancel)

    def inspect_item(self, item: ItemId, cancel: Cancel, progress: Progress) -> tuple[InspectedFile, ...]:
        """Say what the image and each candidate's file are."""
        return inspection.inspect_item(self._review, item, progress=progress, cancel=cancel)
