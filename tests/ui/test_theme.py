"""Contrast, tokens, icons and type."""

import re

import pytest
from PySide6.QtGui import QColor, QFontInfo, QImage

from labelcritic_gui.paths import resources_dir
from labelcritic_gui.ui import theme as themes
from tests.ui import colour_vision

GROUNDS = ("ground", "surface", "raised")
STATES = ("good", "doubt", "bad")


def luminance(colour: QColor) -> float:
    parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: QColor, other: QColor) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["dark", "light"])
def test_that_text_stands_out_on_every_ground(name: str) -> None:
    theme = themes.load_theme(name)
    for ground in GROUNDS:
        assert contrast(theme.colour("text"), theme.colour(ground)) >= 7
        for token in ("text-quiet", *STATES):
            assert contrast(theme.colour(token), theme.colour(ground)) >= 4.5, (token, ground)
    assert contrast(theme.colour("on-stage"), theme.colour("stage")) >= 7
    assert contrast(theme.colour("on-stage-quiet"), theme.colour("stage")) >= 4.5
    assert contrast(theme.colour("ground"), theme.colour("focus")) >= 4.5


def test_that_both_themes_have_the_same_tokens_and_label_colours() -> None:
    dark, light = themes.load_theme("dark"), themes.load_theme("light")
    assert dark.tokens.keys() == light.tokens.keys()
    assert dark.labels == light.labels
    assert len(set(dark.labels)) == 8


def test_that_the_usual_palette_comes_first_and_a_lost_one_becomes_it() -> None:
    assert next(iter(themes.palettes())) == themes.DEFAULT_PALETTE
    assert themes.load_theme("dark", palette="no-such").palette == themes.DEFAULT_PALETTE
    assert themes.load_theme("dark", palette="contrast").labels == themes.palettes()["contrast"].labels


@pytest.mark.parametrize("name", themes.palettes())
def test_that_the_colours_of_a_palette_stay_apart_for_every_kind_of_eye(name: str) -> None:
    labels = themes.palettes()[name].labels
    assert len(set(labels)) == 8
    for kind in colour_vision.SEEN_BY:
        assert colour_vision.closest(labels, kind) >= 0.06, kind
        assert colour_vision.closest(labels[:4], kind) >= 0.075, kind
        assert colour_vision.closest(labels[:2], kind) >= 0.2, kind


@pytest.mark.parametrize("name", themes.palettes())
def test_that_the_colours_of_a_palette_are_seen_on_the_stage_and_carry_numbers(name: str) -> None:
    for colour in themes.palettes()[name].labels:
        assert colour_vision.contrast(colour, "#000000") >= 3  # WCAG 2.2, 1.4.11: what is no text
        assert colour_vision.contrast(themes.ink_on(QColor(colour)).name(), colour) >= 4.5


def test_that_the_palette_of_greatest_contrast_keeps_its_colours_farthest_apart() -> None:
    def worst(name: str) -> float:
        return min(colour_vision.closest(themes.palettes()[name].labels, kind) for kind in colour_vision.SEEN_BY)

    assert max(themes.palettes(), key=worst) == "contrast"
    assert min(colour_vision.contrast(c, "#000000") for c in themes.palettes()["contrast"].labels) >= 5.5


def test_that_the_style_sheet_has_no_open_token_and_scales_with_the_type() -> None:
    sheet = themes.style_sheet(themes.load_theme("dark", 2.0))
    assert "@" not in sheet
    assert "font-size: 26px" in sheet
    sizes = {int(s) for s in re.findall(r"font-size: (\d+)px", themes.style_sheet(themes.load_theme("dark")))}
    assert sizes <= set(themes.SIZES.values())


def test_that_every_icon_takes_the_colour_it_is_given(qapp) -> None:
    for file in (resources_dir() / "icons").glob("*.svg"):
        if file.stem == "app":
            continue
        assert "currentColor" in file.read_text("utf-8"), file.name
        image = themes.pixmap(file.stem, QColor("#FF0000")).toImage().convertToFormat(QImage.Format.Format_ARGB32)
        colours = [image.pixelColor(x, y) for x in range(16) for y in range(16)]
        solid = [c for c in colours if c.alpha() > 128]
        assert solid, file.name
        assert all(c.red() > 240 and c.green() < 20 for c in solid), file.name


def test_that_the_bundled_font_is_used_with_its_licence(qapp) -> None:
    theme = themes.load_theme("dark")
    themes.apply(qapp, theme)
    assert QFontInfo(theme.font()).family() == "Inter"
    assert QFontInfo(theme.font("title", strong=True)).weight() == 600
    assert "SIL OPEN FONT LICENSE" in (resources_dir() / "fonts" / "OFL.txt").read_text("utf-8")
