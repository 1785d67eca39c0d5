"""What the model is told, word for word, and what happens to broken files."""

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.critic.prompt_sources import COMPARE, GENERAL, PromptSources, StructureWords, read_sources
from labelcritic_gui.critic.prompts import PromptSet, load_prompts, prompt_set_hash
from labelcritic_gui.critic.wire import CONTROL_MARK
from labelcritic_gui.paths import prompts_dir

TITLES = {"gall_bladder": "gallbladder", "postcava": "inferior vena cava"}
NAMES = (
    "aorta",
    "gall_bladder",
    "kidney_left",
    "kidney_right",
    "kidneys",
    "liver",
    "pancreas",
    "postcava",
    "spleen",
    "stomach",
)
SOURCES = read_sources(prompts_dir())
GOOD = 'anatomy = "Here."\nright = ["So."]\nerrors = ["Not so."]\n'


def both(prompts, name, asked_as=""):
    structure = Structure(name, title=TITLES.get(name, ""))
    return prompts.compare(structure, asked_as), prompts.assess(structure, asked_as)


def test_that_these_structures_have_words_of_their_own():
    assert load_prompts().names == NAMES


@pytest.mark.parametrize("name", [*NAMES, "duodenum"])
def test_that_the_questions_about_a_structure_read_as_before(name, snapshot):
    compare, assess = both(load_prompts(), name)
    assert f"{compare.system}\n\n{compare.text}" == snapshot(name="compare")
    assert f"{assess.system}\n\n{assess.text}" == snapshot(name="assess")


@pytest.mark.parametrize("name", [*NAMES, "duodenum"])
def test_that_every_question_says_colour_sides_and_each_letter(name):
    for one in both(load_prompts(), name):
        assert "red" in one.text
        assert "patient's right is on the left of the picture" in one.text
        assert all(f"\n{letter} = " in one.text for letter in one.choices)
        assert CONTROL_MARK not in one.system + one.text
        assert len({letter[0] for letter in one.choices}) == len(one.choices)


def test_that_letters_mean_what_the_text_says():
    compare, assess = both(load_prompts(), "liver")
    assert compare.meanings == {"A": "first", "B": "second", "C": "equal", "D": "wrong"}
    assert assess.meanings == {"A": "good", "B": "bad"}
    assert "B = the label in the second picture is better" in compare.text
    assert "A = good" in assess.text


def test_that_a_pair_shown_together_gets_the_words_of_the_pair():
    prompts = load_prompts()
    left = Structure("kidney_left", title="left kidney", pair="kidney_right", pair_title="kidneys")
    assert "There are two of them" in prompts.compare(left, "kidneys").text
    assert "label of the kidneys" in prompts.compare(left, "kidneys").text
    assert "the other kidney is not drawn" in prompts.compare(left).text


def test_that_a_new_structure_needs_one_file_and_nothing_else(tmp_path):
    (tmp_path / "structures").mkdir()
    (tmp_path / "structures" / "duodenum.toml").write_text(GOOD, encoding="utf-8")
    prompts = load_prompts(tmp_path)
    assert "Not so." in prompts.compare(Structure("duodenum")).text
    assert "Not so." not in prompts.compare(Structure("colon")).text
    assert prompts.compare(Structure("liver")) == load_prompts().compare(Structure("liver"))


def test_that_the_hash_names_what_is_said_and_not_how_it_is_written(tmp_path):
    plain = prompt_set_hash()
    assert plain == load_prompts().hash == load_prompts(tmp_path / "absent").hash
    shutil.copytree(prompts_dir(), tmp_path / "copy")
    liver = tmp_path / "copy" / "structures" / "liver.toml"
    words = liver.read_text(encoding="utf-8")
    liver.write_text("# a remark\r\n" + words, encoding="utf-8")
    assert load_prompts(folder=tmp_path / "copy").hash == plain
    liver.write_text(words.replace("wedge", "wedge of tissue"), encoding="utf-8")
    assert load_prompts(folder=tmp_path / "copy").hash != plain
    assert load_prompts(colour="green").hash != plain


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("anatomy = ", "liver.toml"),
        (GOOD + 'colour = "red"\n', "colour: Extra inputs"),
        (GOOD.replace('"So."', '""'), r"right\.0"),
        (GOOD.replace('"So."', ""), "right"),
        ('anatomy = "Here."\n', "right: Field required"),
    ],
)
def test_that_a_broken_file_is_named(tmp_path, text, says):
    (tmp_path / "structures").mkdir()
    (tmp_path / "structures" / "liver.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableFileError, match=says) as caught:
        load_prompts(tmp_path)
    assert str(tmp_path) in caught.value.message


@pytest.mark.parametrize(
    "template",
    [
        "{% block system %}{% endblock %}{% block question %}{{ titel }}{% endblock %}",
        "{% block system %}{% endblock %}",
        "{% block system %}{{ words.__class__.__mro__ }}{% endblock %}{% block question %}{% endblock %}",
        "{% if %}",
    ],
    ids=["unknown-variable", "missing-block", "reaching-into-the-program", "syntax"],
)
def test_that_a_broken_template_is_known_when_it_is_read(tmp_path, template):
    (tmp_path / COMPARE).write_text(template, encoding="utf-8")
    with pytest.raises(UnreadableFileError, match="cannot be used"):
        load_prompts(tmp_path)


def test_that_missing_general_words_are_named(tmp_path):
    with pytest.raises(UnreadableFileError, match="_general"):
        load_prompts(folder=tmp_path)


@given(st.text(alphabet="{}%# >|&'\"abc", min_size=1, max_size=40).filter(lambda t: t.strip()))
def test_that_words_are_rendered_as_they_are_and_never_as_a_template(line):
    words = StructureWords(anatomy="x", right=(line,), errors=("y",))
    prompts = PromptSet(PromptSources(SOURCES.texts, {GENERAL: words}, {}))
    assert f"- {' '.join(line.split())}\n" in prompts.compare(Structure("odd")).text
