"""What a person keeps of the worklist: filters of their own, columns, groups. Layer: settings."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

from labelcritic_gui.core.query.parsing import parse
from labelcritic_gui.core.query.query import QueryError

LONGEST_NAME = 40


class SavedFilter(BaseModel):
    """A filter with a name, in the language of `core.query`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    text: str

    @field_validator("text")
    @classmethod
    def _understood(cls, text: str) -> str:
        try:
            parse(text)
        except QueryError as error:
            raise ValueError(error.message) from error
        return text


class ListColumn(BaseModel):
    """A column of the worklist that is wanted, with its width in px at scale 1 (0: the usual one)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    width: int = Field(default=0, ge=0, le=2000)
