import re
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from infra.cli.errors import console
from infra.cli.formats import EVIDENCE, MADE, formats, made_part
from operators.decode.datasheet import title
from operators.decode.registry import FORMATS

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/formats.md"
app = typer.Typer()
app.command()(formats)


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """A terminal that breaks no line, whatever runs the tests."""
    monkeypatch.setattr(console, "_width", 160)


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_every_format_is_listed_with_its_topic():
    lines = run().stdout.splitlines()
    for name, info in FORMATS.items():
        (line,) = [one for one in lines if f" {name} " in one]
        assert info.topic in line
        assert EVIDENCE[info.evidence] in line


def test_mappings_of_the_settings_are_listed_too(tmp_path):
    config = tmp_path / "station.toml"
    config.write_text(f'[formats]\nmappings = "{ROOT / "docs/examples/mappings"}"\n')
    listed = run("--config", config).stdout
    assert "mapping.dispatch" in listed
    assert "Dispatch desk" in listed


@pytest.mark.parametrize("name", FORMATS)
def test_every_datasheet_names_its_format_and_standard(name):
    assert len(title(FORMATS[name])) > 20


def test_versions_are_in_the_titles():
    assert "T/CSAE 53-2020" in title(FORMATS["rsm.json"])
    assert "WMO-No. 306" in title(FORMATS["metar"])
    assert "1.2" in title(FORMATS["cap"])


def test_a_datasheet_of_something_else_is_refused():
    other = replace(FORMATS["cap"], adapter=FORMATS["metar"].adapter)
    with pytest.raises(ValueError, match="has to begin with: Format `cap`"):
        title(other)


def test_the_page_of_formats_is_that_of_the_adapters():
    """If this fails: station formats --write docs/formats.md."""
    assert PAGE.read_text("utf-8").partition(MADE)[2] == made_part().removeprefix(MADE)


def test_writing_a_page_keeps_what_a_person_wrote(tmp_path):
    page = tmp_path / "formats.md"
    page.write_text(f"# Mine\n\n{MADE}\nto be replaced", "utf-8")
    assert run("--write", page).exit_code == 0
    text = page.read_text("utf-8")
    assert text.startswith(f"# Mine\n\n{MADE}\n\n| format |")
    assert "to be replaced" not in text
    assert re.findall(r"^### .*`metar`", text, re.M)
