"""Colours, type and icons: tokens from the theme files become a palette, a style sheet and tinted icons. Layer: ui."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from labelcritic_gui.paths import resources_dir

FAMILY = "Inter"
BASE_PX = 13
DEFAULT_PALETTE = "okabe-ito"
SIZES = {"small": 11, "base": 13, "title": 15, "headline": 20}
"""The only type sizes, in px at scale 1."""
REGULAR, STRONG = QFont.Weight.Normal, QFont.Weight.DemiBold


@dataclass(frozen=True)
class Theme:
    """Named colours of one theme and the type scale. `labels` are the label sets' colours in their fixed order."""

    name: str
    tokens: dict[str, str]
    labels: tuple[str, ...]
    scale: float = 1.0
    palette: str = DEFAULT_PALETTE

    def colour(self, token: str) -> QColor:
        """Return a token's colour."""
        return QColor(self.tokens[token])

    def label(self, index: int) -> QColor:
        """Return a label set's colour by its place in the review."""
        return QColor(self.labels[index % len(self.labels)])

    def px(self, size: int) -> int:
        """Scale a length in px with the type."""
        return max(1, round(size * self.scale))

    def font(self, size: str = "base", *, strong: bool = False) -> QFont:
        """Return the bundled font in one of the four sizes, with tabular numbers."""
        # a copy: it costs a fifth of making one, and may be changed
        return QFont(_font(self.px(SIZES[size]), strong))


def ink_on(colour: QColor) -> QColor:
    """Return black or white, whichever is more legible on a colour; at least 4.5:1 on any."""
    parts = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    bright = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    return QColor("#000000") if (bright + 0.05) / 0.05 >= 1.05 / (bright + 0.05) else QColor("#FFFFFF")


def load_theme(name: str, scale: float = 1.0, palette: str = DEFAULT_PALETTE) -> Theme:
    """Read a theme file and a palette of the resources; a palette that is not there any more is the usual one."""
    with (resources_dir() / "themes" / f"{name}.toml").open("rb") as stream:
        read = tomllib.load(stream)
    known = palettes()
    chosen = palette if palette in known else DEFAULT_PALETTE
    return Theme(read["name"], dict(read["tokens"]), known[chosen].labels, scale, chosen)


@dataclass(frozen=True, slots=True)
class LabelColours:
    """Eight colours for label sets in a fixed order, and what they are called."""

    title: str
    labels: tuple[str, ...]


@cache
def palettes() -> Mapping[str, LabelColours]:
    """Return every palette of the resources by its name, the usual one first."""
    files = sorted((resources_dir() / "palettes").glob("*.toml"), key=lambda f: (f.stem != DEFAULT_PALETTE, f.stem))
    read = {file.stem: tomllib.loads(file.read_text("utf-8")) for file in files}
    return {name: LabelColours(found["title"], tuple(found["labels"])) for name, found in read.items()}


def style_sheet(theme: Theme) -> str:
    """Return the style sheet with tokens `@name`, lengths `@px(n)` and pictures `@icon(name)` filled in."""
    text = (resources_dir() / "style.qss").read_text(encoding="utf-8")
    text = re.sub(r"@icon\((\w+)\)", lambda m: (resources_dir() / "icons" / f"{m[1]}.svg").as_posix(), text)
    text = re.sub(r"@px\((\d+)\)", lambda m: f"{theme.px(int(m[1]))}px", text)
    return re.sub(r"@([a-z][a-z-]*)", lambda m: theme.tokens[m[1]], text)


def palette(theme: Theme) -> QPalette:
    """Return the palette for what the style sheet does not name."""
    made = QPalette()
    role = QPalette.ColorRole
    for token, roles in {
        "ground": (role.Window,),
        "surface": (role.Base, role.AlternateBase),
        "raised": (role.Button, role.ToolTipBase),
        "text": (role.WindowText, role.Text, role.ButtonText, role.ToolTipText, role.HighlightedText),
        "pressed": (role.Highlight,),
        "text-quiet": (role.PlaceholderText,),
        "focus": (role.Link, role.Accent),
        "line": (role.Mid, role.Dark, role.Light, role.Midlight),
    }.items():
        for one in roles:
            made.setColor(one, theme.colour(token))
    for one in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, one, theme.colour("text-quiet"))
    return made


@cache
def _load_fonts() -> tuple[int, ...]:
    folder = resources_dir() / "fonts"
    return tuple(QFontDatabase.addApplicationFont(str(file)) for file in sorted(folder.glob("*.otf")))


def apply(application: QApplication, theme: Theme) -> None:
    """Dress the application in a theme."""
    _load_fonts()
    application.setStyle("Fusion")
    application.setFont(theme.font())
    application.setPalette(palette(theme))
    application.setStyleSheet(style_sheet(theme))


@lru_cache(maxsize=64)
def _font(px: int, strong: bool) -> QFont:
    font = QFont(FAMILY)
    font.setPixelSize(px)
    font.setWeight(STRONG if strong else REGULAR)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


@lru_cache(maxsize=256)
def _tinted(name: str, colour: str, size: int, ratio: float) -> QPixmap:
    svg = (resources_dir() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(svg.replace("currentColor", colour).encode()))
    pixmap = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter)
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def pixmap(name: str, colour: QColor, size: int = 16, *, ratio: float = 1.0) -> QPixmap:
    """Return an icon of the resources in a colour."""
    return _tinted(name, colour.name(), size, ratio)


def icon(theme: Theme, name: str, token: str = "text") -> QIcon:
    """Return an icon tinted for a theme, at both densities."""
    made = QIcon()
    for ratio in (1.0, 2.0):
        made.addPixmap(pixmap(name, theme.colour(token), 16, ratio=ratio))
    return made
