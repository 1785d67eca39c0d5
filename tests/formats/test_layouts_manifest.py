"""The CSV manifest: headers as people write them, paths from anywhere, one sentence for every mistake."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.errors import ReviewError, UnreadableFileError, UserError
from labelcritic_gui.formats.layouts import Images, LabelFile, Labels, find_images, find_labels

CASES = [CaseId("a"), CaseId("b")]
FULL = """case,image,label_set,structure,path,value
a,ct\\a.nii.gz,net,liver,net\\a\\liver.nii.gz,
a,ct/a.nii.gz,net,spleen,net/a/map.nii.gz,3
b,ct/b.nrrd,net,,net/b.nii.gz,
b,,hand,liver,/elsewhere/b.nii.gz,
c,ct/c,,,,
"""


def write(tmp_path: Path, text: str, name: str = "manifest.csv") -> Path:
    file = tmp_path / name
    file.write_text(text, "utf-8")
    return file


def test_that_a_manifest_lists_images_and_the_labels_of_each_set(tmp_path: Path) -> None:
    file = write(tmp_path, FULL)
    images = find_images(file)
    assert (images.root, images.layout) == (tmp_path, "a manifest")
    assert dict(images.files) == {"a": "ct/a.nii.gz", "b": "ct/b.nrrd", "c": "ct/c"}
    labels = find_labels(file, CASES, label_set="Net")
    assert labels.files == (
        LabelFile(CASES[0], "liver", "net/a/liver.nii.gz"),
        LabelFile(CASES[0], "spleen", "net/a/map.nii.gz", value=3),
        LabelFile(CASES[1], None, "net/b.nii.gz"),
    )
    hand = find_labels(file, CASES, label_set="hand")
    assert [(f.structure, hand.root / f.path) for f in hand.files] == [("liver", Path("/elsewhere/b.nii.gz"))]
    assert "manifest.csv is a table" in hand.reason


@pytest.mark.parametrize(
    "text",
    [
        "Case ID;Label-Set;Organ;Label path;label value\na;net;liver;x.nii.gz;\n",
        "\ufeffcaseid\tlabelset\tstructure\tmask\na\tNET\tliver\tx.nii.gz\n",
        "structure,case,path,note\nliver,a,x.nii.gz,no label set column\n\n,,,\n",
        'case,label_set,path,structure\n"a",net,"x.nii.gz",liver\n',
    ],
)
def test_that_headers_and_delimiters_are_read_as_people_write_them(tmp_path: Path, text: str) -> None:
    labels = find_labels(write(tmp_path, text), CASES, label_set="net")
    assert labels.files == (LabelFile(CASES[0], "liver", "x.nii.gz"),)


def test_that_without_a_case_column_the_image_names_the_case(tmp_path: Path) -> None:
    images = find_images(write(tmp_path, "image\nset1/a.nii.gz\n./b.mha\n/data/x/c.nii\nD:\\data\\d.nii.gz\n"))
    assert [f.case for f in images.files] == ["set1/a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("case,image\na,x.nii\na,y.nii\n", r"Two images of one case: line 3 of .* gives a y\.nii, after x\.nii"),
        ("name,file\nx,y\n", "is no manifest: its columns are name, file"),
        ("", "is no manifest: its columns are none"),
        ("case,path\na,x.nii\n", "has no column image"),
        ("case,image\n", "its column image is empty"),
    ],
)
def test_that_a_manifest_that_gives_no_images_says_why(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        find_images(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("case,image\na,x.nii\n", "has no column path"),
        ("case,label_set,path\na,one,x.nii\nb,two,y.nii\n", "has no label set 'net'; it has one, two"),
        ("case,path,structure,value\na,x.nii,liver,1.5\n", r"Line 2 of .* has the value '1\.5'"),
        ("case,path,structure,value\na,x.nii,liver,0\n", "has the value '0'"),
        ("case,path,value\na,x.nii,3\n", "has a value but no structure"),
        ("case,path\n,x.nii\n", "names no case"),
        ("case,path\nz,x.nii\n", r"No label was found in .* for 2 case\(s\) such as a: looked for rows of these cases"),
    ],
)
def test_that_a_manifest_that_gives_no_labels_says_why(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ReviewError, match=said):
        find_labels(write(tmp_path, text), CASES, label_set="net")


def test_that_a_manifest_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="No such file"):
        find_images(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes(b"case,image\na,\xe9.nii\n")
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        find_images(tmp_path / "latin.csv")


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(alphabet='case,imgpthluv;\t"\\/\n\r 01-\0é', max_size=120))
def test_that_no_text_makes_a_manifest_fail_but_with_a_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "any.csv"
    file.write_text(f"case,image,path\n{text}", "utf-8", newline="")
    for read in (lambda: find_images(file), lambda: find_labels(file, CASES)):
        assert sentence_or_files(read).endswith((".", "files"))


def sentence_or_files(read: Callable[[], Images | Labels]) -> str:
    try:
        return f"{len(read().files)} files"
    except UserError as error:
        return error.message
