"""What there is to say of a prompt text: faults, differences, what would be sent with it. Layer: viewmodels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from labelcritic_gui.core.cancel import Cancel, stop_if
from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.critic.prompt_files import PromptFile, PromptFiles
from labelcritic_gui.critic.prompt_sources import GENERAL, Problem
from labelcritic_gui.critic.prompts import PromptSet
from labelcritic_gui.services.prompt_preview import Preview
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.messages import Message, of_error

Prepare = Callable[[PromptSet, str], Preview]
"""Says what would be sent with these prompts; the text is the structure whose words are looked at, or empty."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found about a file's text; `failure` says why there is no preview."""

    name: str
    problems: tuple[Problem, ...]
    difference: tuple[str, ...]
    preview: Preview | None
    failure: Message | None


def look_at(files: PromptFiles, name: str, drafts: Mapping[str, str], prepare: Prepare, cancel: Cancel) -> Looked:
    """Look at the text that a file has among these unsaved ones; raises CancelledError."""
    text = drafts[name]
    problems = files.validate(name, text)
    stop_if(cancel)
    difference = files.difference(name, text)
    if problems:
        failure = Message(
            tr("This text cannot be used as it stands."), tr("The problems are listed below it."), error=True
        )
        return Looked(name, problems, difference, None, failure)
    words_of = PromptFile(name, None).structure
    try:
        preview = prepare(files.preview(drafts), "" if words_of == GENERAL else words_of)
    except CancelledError:
        raise
    except UserError as error:
        return Looked(name, (), difference, None, of_error(error))
    return Looked(name, (), difference, preview, None)
