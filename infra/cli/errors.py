"""How a command ends when it cannot do what was asked: one line, and what to do next."""

from rich.console import Console
from rich.markup import escape

CONFIGURATION = 78  # EX_CONFIG of sysexits.h
FAILURE = 1

console = Console()
errors = Console(stderr=True)


class CommandError(RuntimeError):
    """A command that cannot go on; the text says why and what to do.

    Parameters
    ----------
    text
        One line.
    status
        Exit status.
    """

    def __init__(self, text: str, status: int = FAILURE) -> None:
        super().__init__(text)
        self.status = status


def said(error: Exception, status: int) -> int:
    """Print one line on an error; gives the exit status back."""
    line = " ".join(str(error).split()) or type(error).__name__
    errors.print(f"[red]station:[/red] {escape(line)}", soft_wrap=True, highlight=False)
    return status
