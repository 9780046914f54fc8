"""The `station` command. A command is a function in a module of its own, registered here."""

from typing import Any

import typer

from infra.cli.backfill import backfill
from infra.cli.contribution import contribution
from infra.cli.decode import decode
from infra.cli.demo import demo
from infra.cli.doctor import doctor
from infra.cli.down import down
from infra.cli.errors import CONFIGURATION, FAILURE, CommandError, said
from infra.cli.formats import formats
from infra.cli.fuse import fuse
from infra.cli.grade import grade
from infra.cli.migrate import migrate
from infra.cli.network import network
from infra.cli.reload import reload
from infra.cli.replay import replay
from infra.cli.serve import serve, token
from infra.cli.simulate import simulate
from infra.cli.sql import sql
from infra.cli.status import status
from infra.cli.trace import trace
from infra.cli.up import up
from infra.local.paths import MissingProgramError
from infra.local.rest import FlinkError
from infra.local.state import StationError
from jobs.setting_values import SettingsError

COMMANDS = (
    up,
    down,
    status,
    doctor,
    demo,
    sql,
    migrate,
    trace,
    grade,
    contribution,
    replay,
    reload,
    backfill,
    decode,
    formats,
    fuse,
    simulate,
    serve,
    token,
)


class StationApp(typer.Typer):
    """The application; what the user can do something about ends in one line, not in a trace."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command of the command line."""
        try:
            return super().__call__(*args, **kwargs)
        except SettingsError as error:
            raise SystemExit(said(error, CONFIGURATION)) from None
        except CommandError as error:
            raise SystemExit(said(error, error.status)) from None
        except (StationError, MissingProgramError, FlinkError) as error:
            raise SystemExit(said(error, FAILURE)) from None


app = StationApp(
    help="Fuses roadside units, probe vehicles and feeds into one accountable picture of the road.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
)
for command in COMMANDS:
    app.command()(command)
app.add_typer(network, name="network")

if __name__ == "__main__":
    app()
