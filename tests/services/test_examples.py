"""Where examples come from, and that none is of the case under judgement."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.core.review import Choice
from labelcritic_gui.formats import nifti
from labelcritic_gui.imaging.panel import encode_png
from labelcritic_gui.services import review as reading
from labelcritic_gui.services.examples import ExampleShelf
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.services.sent import sent_item
from tests.fake_llm import FakeLlm
from tests.making import ball, grid
from tests.services.test_judging import CASES, PLACES, asking, formed, made, most_red


@pytest.fixture
def server() -> Iterator[FakeLlm]:
    with FakeLlm(most_red) as fake:
        yield fake


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenReview]:
    review = made(tmp_path, ("vera", "curta"), CASES[:1])
    yield review
    review.close()


def accept(opened: OpenReview, case: CaseId, structure: str, label_set: str) -> None:
    chosen = CandidateId(case, structure, label_set)
    reading.decide(opened, "ann", ItemId(case, structure), Choice.ACCEPT, candidate=chosen)


def folder_of(root: Path, *files: str) -> Path:
    """An examples folder of the liver with these files, such as "good/one.png"."""
    for n, file in enumerate(files):
        place = root / "examples" / "liver" / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(encode_png(np.full((40, 30), 20 + n, dtype=np.uint8)))
    return root / "examples"


@pytest.mark.parametrize(
    ("case", "stem", "taken"),
    [
        ("zq_1", "zq_1", False),
        ("zq_1", "ZQ_1_liver", False),
        ("zq_1", "zq_1-liver", False),
        ("zq_1", "liver_zq_1", False),
        ("zq_1", "good zq_1 (2)", False),
        ("zq_1", "zq_12", True),
        ("zq_1", "liver_xzq_1", True),
        ("centre/zq_1", "zq_1_liver", False),
        ("centre/zq_1", "liver.centre_zq_1", False),
        ("zq_1/ct", "zq_1_ct_liver", False),
        ("zq_1", "other", True),
    ],
)
def test_that_a_file_that_names_the_case_anywhere_is_no_example_for_it(
    opened: OpenReview, server: FakeLlm, tmp_path: Path, case: str, stem: str, taken: bool
) -> None:
    folder = folder_of(tmp_path, f"good/{stem}.png")
    _, critic = asking(opened, server, shots=2, examples_folder=str(folder))
    found = ExampleShelf(opened, CaseId(case), critic).of("liver")
    assert [e.name for e in found] == ([f"good/{stem}.png"] if taken else [])
    critic.client.close()


def test_that_what_was_sent_with_examples_of_a_folder_can_be_read_when_the_settings_name_none(
    opened: OpenReview, server: FakeLlm, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path, "good/one.png", "bad/two.png")
    review, critic = asking(opened, server, shots=2, region=False, examples_folder=str(folder))
    formed(review, CASES[0])
    later, plain = asking(review, server)
    question = sent_item(later, ItemId(CASES[0], "liver")).questions[0]
    # the pair can be shown again; where the examples lay is not known any more
    assert [picture.png is not None for picture in question.pictures] == [False, False, True, True]
    for one in (critic, plain):
        one.client.close()


def test_that_an_example_is_drawn_anew_when_the_mask_beside_it_changed(
    opened: OpenReview, server: FakeLlm, tmp_path: Path
) -> None:
    accept(opened, CASES[0], "kidney_right", "vera")
    _, critic = asking(opened, server, shots=1)
    (before,) = ExampleShelf(opened, CaseId("another"), critic).of("kidney_right")
    (same,) = ExampleShelf(opened, CaseId("another"), critic).of("kidney_right")
    assert same == before
    beside = tmp_path / "labels" / "vera" / CASES[0] / "segmentations" / "kidney_left.nii.gz"
    nifti.write_mask(beside, Mask.from_array(ball(PLACES["kidney_left"], 8.0), grid()))
    (after,) = ExampleShelf(opened, CaseId("another"), critic).of("kidney_right")
    assert after.name == before.name
    assert after.picture != before.picture
    critic.client.close()


@pytest.mark.parametrize(
    ("beside", "good"),
    [(None, ["vera"]), ("vera", ["vera"]), ("curta", []), (Choice.NONE, []), (Choice.ABSENT, [])],
)
def test_that_a_pair_of_which_one_side_was_not_accepted_is_no_good_example(
    opened: OpenReview, server: FakeLlm, beside: str | Choice | None, good: list[str]
) -> None:
    accept(opened, CASES[0], "kidney_right", "vera")
    if isinstance(beside, Choice):
        reading.decide(opened, "ann", ItemId(CASES[0], "kidney_left"), beside)
    elif beside is not None:
        accept(opened, CASES[0], "kidney_left", beside)
    _, critic = asking(opened, server, shots=4)
    found = ExampleShelf(opened, CaseId("another"), critic).of("kidney_right")
    assert [e.name.split("/")[1] for e in found if e.good] == good
    critic.client.close()
