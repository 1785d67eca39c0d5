"""Tokens of pictures: our arithmetic against what vLLM 0.32 was measured to use, and what it betrays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.critic.image_tokens import QWEN2_VL, QWEN3_VL, family_of, fault_of_pictures

PAIR = ((448, 448), (448, 448))


@pytest.mark.parametrize(
    ("size", "tokens"),
    [
        ((1, 1), 4),
        ((64, 64), 4),
        ((224, 224), 64),
        ((448, 448), 256),
        ((512, 512), 324),
        ((640, 480), 391),
        ((1000, 1000), 1225),
        ((1024, 768), 999),
        ((1280, 720), 1196),
        ((1920, 1080), 1222),
        ((2000, 2000), 1225),
    ],
)
def test_that_the_older_grid_counts_as_measured_with_its_cap(size, tokens):
    assert QWEN2_VL.tokens(size, cap=1280) == tokens
    assert QWEN2_VL.tokens(size[::-1], cap=1280) == tokens


@pytest.mark.parametrize(
    ("size", "tokens"),
    [
        ((224, 224), 49),
        ((448, 448), 196),
        ((512, 512), 256),
        ((640, 480), 300),
        ((1000, 1000), 961),
        ((1280, 720), 880),
        ((1920, 1080), 2040),
        ((2000, 2000), 3844),
    ],
)
def test_that_the_newer_grid_counts_as_measured_without_a_cap(size, tokens):
    assert QWEN3_VL.tokens(size) == tokens


@pytest.mark.parametrize(
    ("names", "family"),
    [
        (("Qwen/Qwen2-VL-72B-Instruct-AWQ",), QWEN2_VL),
        (("judge", "/weights/Qwen2.5-VL-7B-Instruct"), QWEN2_VL),
        (("Qwen/Qwen3-VL-30B-A3B-Instruct",), QWEN3_VL),
        (("Qwen/Qwen2.5-7B-Instruct",), None),
        (("OpenGVLab/InternVL3-8B",), None),
        (("", ""), None),
    ],
)
def test_that_a_family_is_known_by_the_names_of_the_model_and_its_weights(names, family):
    assert family_of(*names) is family


@pytest.mark.parametrize(
    ("image_tokens", "prompt_tokens", "says"),
    [
        (512, 700, ""),
        (516, 700, ""),
        (400, 700, ""),  # a server that was started to shrink pictures somewhat
        (256, 700, "256 tokens for 2 pictures that need 512: one was lost"),
        (258, 700, "one was lost"),
        (0, 150, "one was lost"),
        (768, 900, "more than it was sent"),
        (512, 500, "fewer than the 512"),
        (None, 512, ""),
        (None, 700, ""),
        (None, 511, "its 2 pictures alone need 512"),
        (None, 0, ""),
    ],
)
def test_that_tokens_betray_a_lost_picture(image_tokens, prompt_tokens, says):
    fault = fault_of_pictures(PAIR, QWEN2_VL, image_tokens=image_tokens, prompt_tokens=prompt_tokens)
    assert (says in fault) if says else fault == ""


def test_that_one_lost_picture_of_many_is_noticed():
    many = PAIR * 6
    assert fault_of_pictures(many, QWEN2_VL, image_tokens=11 * 256, prompt_tokens=4000)
    assert fault_of_pictures(many, QWEN2_VL, image_tokens=12 * 256, prompt_tokens=4000) == ""


def test_that_large_pictures_may_be_shrunk_and_small_ones_enlarged():
    large, small = ((2000, 2000),) * 2, ((64, 64),) * 2
    assert fault_of_pictures(large, QWEN2_VL, image_tokens=2450, prompt_tokens=2600) == ""
    assert fault_of_pictures(large, QWEN2_VL, image_tokens=None, prompt_tokens=2600) == ""
    assert fault_of_pictures(small, QWEN2_VL, image_tokens=2 * 64, prompt_tokens=300) == ""


def test_that_what_a_picture_took_alone_is_what_it_must_take_in_company():
    large = ((2000, 2000), (2000, 2000))
    known = {(2000, 2000): 1225}
    assert fault_of_pictures(large, QWEN2_VL, image_tokens=2450, prompt_tokens=2600, known=known) == ""
    assert fault_of_pictures(large, QWEN2_VL, image_tokens=2400, prompt_tokens=2600, known=known)
    assert fault_of_pictures(large, QWEN2_VL, image_tokens=5041, prompt_tokens=5200, known=known)


def test_that_an_unknown_family_and_a_question_without_pictures_are_not_checked():
    assert fault_of_pictures(PAIR, None, image_tokens=1, prompt_tokens=10) == ""
    assert fault_of_pictures((), QWEN2_VL, image_tokens=None, prompt_tokens=10) == ""


@given(
    st.lists(st.tuples(st.integers(28, 3000), st.integers(28, 3000)), min_size=1, max_size=12),
    st.sampled_from([QWEN2_VL, QWEN3_VL]),
    st.sampled_from([None, 1024, 1280, 16384]),
    st.integers(0, 2),
)
def test_that_an_honest_server_is_never_accused(sizes, family, cap, wrapping):
    used = sum(family.tokens(size, cap) + wrapping for size in sizes)
    assert fault_of_pictures(sizes, family, image_tokens=used, prompt_tokens=used + 100) == ""
    assert fault_of_pictures(sizes, family, image_tokens=None, prompt_tokens=used + 100) == ""


@given(
    st.lists(st.tuples(st.integers(28, 800), st.integers(28, 800)), min_size=1, max_size=12),
    st.sampled_from([QWEN2_VL, QWEN3_VL]),
    st.data(),
)
def test_that_a_lost_picture_is_always_noticed_once_each_was_seen_alone(sizes, family, data):
    lost = data.draw(st.integers(0, len(sizes) - 1))
    used = sum(family.tokens(size) for n, size in enumerate(sizes) if n != lost)
    known = {size: family.tokens(size) for size in sizes}
    assert fault_of_pictures(sizes, family, image_tokens=used, prompt_tokens=used + 100, known=known)
