import typer
from typer.testing import CliRunner

from infra.cli.formats import formats
from operators.decode.registry import FORMATS


def test_every_format_is_listed_with_its_topic():
    app = typer.Typer()
    app.command()(formats)
    lines = CliRunner(env={"COLUMNS": "120"}).invoke(app).stdout.splitlines()
    for name, info in FORMATS.items():
        (line,) = [one for one in lines if f" {name} " in one]
        assert info.topic in line
