import typer
from typer.testing import CliRunner

from infra.cli.simulate import simulate
from infra.simulator.files import FILES

app = typer.Typer()
app.command()(simulate)


def run(folder):
    arguments = ["--out", str(folder), "--seconds", "2", "--seed", "3"]
    return CliRunner().invoke(app, [*arguments, "--start-us", "1763850000000000"])


def test_equal_arguments_give_equal_files(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    result = run(one)
    assert result.exit_code == 0
    assert "messages" in result.stdout
    run(other)
    for name in FILES[:-1]:
        assert (one / name).read_bytes() == (other / name).read_bytes()
        assert (one / name).stat().st_size
    assert (one / FILES[-1]).is_file()
