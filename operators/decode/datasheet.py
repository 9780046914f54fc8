"""The datasheet of a format: the text of the module that reads it, so that it cannot lag behind."""

import inspect
import re
import sys

from operators.decode.registry import FormatInfo

# ``Format `name`: standard and version, dialect. ...``; a full stop ends it before a capital only.
_TITLE = re.compile(
    r"Formats? (?:`[^`]+`(?:,| and)? ?)+: (.+?)(?:\.(?=\s+[A-Z`*(])|\.?\n\n|\.?$)", re.S
)


def datasheet(info: FormatInfo) -> str:
    """Text of the module of a format."""
    module = sys.modules[info.adapter.__module__]
    return inspect.cleandoc(module.__doc__ or "")


def title(info: FormatInfo) -> str:
    """Standard, version and dialect of a format, from the first sentence of its datasheet.

    Raises
    ------
    ValueError
        If the datasheet does not begin with the names of its formats.
    """
    text = datasheet(info)
    found = _TITLE.match(text)
    if found is None or f"`{info.name}`" not in text.partition(":")[0]:
        msg = f"the datasheet of {info.name} has to begin with: Format `{info.name}`: ..."
        raise ValueError(msg)
    return " ".join(found[1].split())
