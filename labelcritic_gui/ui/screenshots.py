"""Pictures of what is on the stage, as it is: to a file that never replaces another, or to the clipboard. Layer: ui."""

import os
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QObject
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from labelcritic_gui.core.errors import StorageError, UserError
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.runner import Lane, Runner
from labelcritic_gui.viewmodels.station import Station

LONGEST = 80
"""Characters of a name's part: some disks take no more than 255 bytes for all of them."""
MOST_ALIKE = 1000


class Screenshots(QObject):
    """Takes a widget as it is drawn, with the screen's own pixels; hides nothing, and shows nothing hidden."""

    def __init__(
        self,
        station: Station,
        runner: Runner,
        content: Callable[[], QWidget],
        say: Callable[[Message], None],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._station, self._runner, self._content, self._say, self._window = station, runner, content, say, window

    def to_file(self) -> None:
        """Write a PNG file; the folder is asked for once."""
        image, stem = self._taken()
        folder = self._station.settings.screenshot_folder
        if not folder or not Path(folder).is_dir():
            folder = QFileDialog.getExistingDirectory(
                self._window, tr("Where do screenshots go?"), folder or str(Path.home())
            )
            if not folder:
                return
            self._station.change(screenshot_folder=folder)
        self._runner.run(
            Lane.CPU, lambda: write_new(Path(folder), stem, as_png(image)), self._written, on_error=self._not_written
        )

    def to_clipboard(self) -> None:
        """Put the picture on the clipboard."""
        image, _ = self._taken()
        QGuiApplication.clipboard().setImage(image)
        words = tr("The picture is on the clipboard ({width} × {height} pixels).")
        self._say(Message(words.format(width=image.width(), height=image.height())))

    def _taken(self) -> tuple[QImage, str]:
        """Return the picture and the first part of its file's name."""
        image = self._content().grab().toImage()
        item = self._station.reading.item if self._station.reading is not None else None
        named = (item.case, item.structure) if item is not None else ("label-critic",)
        time = datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S")
        return image, "_".join([*map(safe, named), time])

    def _written(self, file: Path) -> None:
        self._say(Message(tr("The picture is in {file}.").format(file=file)))

    def _not_written(self, error: BaseException) -> None:
        if not isinstance(error, UserError):
            raise error
        self._say(of_error(error))


def safe(part: str) -> str:
    """Return a part of a file name that every system takes, and that leads nowhere else."""
    plain = re.sub(r"[^\w.-]+", "-", part).strip(".-_ ")
    return plain[:LONGEST].rstrip(".-_ ") or "unnamed"


def as_png(image: QImage) -> bytes:
    """Return an image as PNG bytes, pixel by pixel."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG"):  # type: ignore[call-overload]
        raise StorageError(tr("The picture could not be made into a PNG."), tr("Try again."))
    return bytes(buffer.data().data())


def write_new(folder: Path, stem: str, content: bytes) -> Path:
    """Write a file that was not there before, whole or not at all; a name that is taken gets a number.

    Raises StorageError.
    """
    part: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".", suffix=".part", delete=False) as stream:
            part = Path(stream.name)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        for number in range(1, MOST_ALIKE):
            file = folder / (f"{stem}.png" if number == 1 else f"{stem}_{number}.png")
            if _claimed(file, part):
                return file
    except OSError as problem:
        words = tr("The picture could not be written to {folder}: {why}.").format(folder=folder, why=problem.strerror)
        raise StorageError(words, tr("Choose another folder in the preferences.")) from problem
    finally:
        if part is not None:
            with suppress(OSError):
                part.unlink()
    raise StorageError(tr("There are too many pictures of this moment."), tr("Wait a second."))


def _claimed(file: Path, part: Path) -> bool:
    """Give a finished file its name, unless another has it."""
    try:
        os.link(part, file)
    except FileExistsError:
        return False
    except OSError:  # a disk without links, such as a memory stick
        try:
            file.open("xb").close()
        except FileExistsError:
            return False
        part.replace(file)
    return True
