"""Failures a user can act on; everything else is a defect and is reported as one. Layer: core."""


class UserError(Exception):
    """A problem said in one sentence, with a hint that says what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class UnreadableFileError(UserError):
    """A file is missing, damaged, or not what its place says it is."""


class GeometryMismatchError(UserError):
    """A label lies on another grid than its image; it is refused, never stretched."""


class ReviewError(UserError):
    """A review folder is missing, damaged, or asked for something it does not hold."""


class StorageError(UserError):
    """The disk or the database could not take what had to be written."""


class CriticError(UserError):
    """A critic could not give an opinion: server down, refused, or answered nonsense."""


class CancelledError(UserError):
    """The person asked for the work to stop."""
