"""Where the programs lie that the local station starts."""

import importlib.util
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BROKER_JARS = ROOT / ".jars" / "broker"
FLINK_JARS = ROOT / ".jars" / "flink"
PLANNER = ROOT / ".tools" / "flink" / "flink-table-planner.jar"  # `archives` takes it out
NUMBA_CACHE = ROOT / ".tools" / "numba"  # compiled kernels outlive a station


class MissingProgramError(RuntimeError):
    """Something that the station needs is not installed; the text says what to do."""


def java() -> str:
    """Path of the Java runtime."""
    found = shutil.which("java")
    if found is None:
        msg = "java is not on the PATH; install a Java 17 runtime"
        raise MissingProgramError(msg)
    return found


def python() -> str:
    """Path of the Python that runs the jobs: this one."""
    return sys.executable


def flink_home() -> Path:
    """Folder of the Flink that comes with PyFlink."""
    spec = importlib.util.find_spec("pyflink")
    if spec is None or spec.origin is None:
        msg = "PyFlink is not installed; run `make setup`"
        raise MissingProgramError(msg)
    return Path(spec.origin).parent


def broker_classpath() -> str:
    """Class path of the broker, with the logging binding that its jars lack.

    Raises
    ------
    MissingProgramError
        If the jars are not there.
    """
    if not list(BROKER_JARS.glob("kafka_*.jar")):
        msg = f"no broker in {BROKER_JARS}; run `make setup`"
        raise MissingProgramError(msg)
    binding = sorted((flink_home() / "lib").glob("log4j-slf4j-impl-*.jar"))
    return ":".join([f"{BROKER_JARS}/*", *map(str, binding)])


def connector_jars() -> list[Path]:
    """Jars of the connectors that the jobs need.

    Raises
    ------
    MissingProgramError
        If they are not there.
    """
    jars = sorted(FLINK_JARS.glob("*.jar"))
    if not jars:
        msg = f"no connector in {FLINK_JARS}; run `make setup`"
        raise MissingProgramError(msg)
    return jars


def planner_loader() -> Path:
    """Jar of this Flink that holds the planner of SQL as a jar within it."""
    (found,) = (flink_home() / "lib").glob("flink-table-planner-loader-*.jar")
    return found


def flink_classpath() -> str:
    """Class path of every Flink process: the connectors too, and the planner by itself.

    Classes that come by a loader of their own cannot lie in an archive. Without the planner's own
    jar, its loader stays.
    """
    home = flink_home()
    jars = [*sorted((home / "lib").glob("*.jar")), *sorted((home / "opt").glob("flink-python*"))]
    if PLANNER.is_file():
        jars[jars.index(planner_loader())] = PLANNER
    return ":".join(map(str, [*jars, *connector_jars()]))


def flink_java_options() -> list[str]:
    """Module options that this Flink wants, from its own configuration."""
    text = (flink_home() / "conf" / "config.yaml").read_text("utf-8")
    return re.findall(r"--add-(?:opens|exports)=\S+", text)
