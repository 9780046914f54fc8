"""What settings say about feeds: the mappings of home-made ones, and topics that are not ours."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import schemas
from jobs.sections import ForeignTopic
from operators.decode.formats import Formats, mapping_info
from operators.errors import ParameterError
from operators.ingress import TopicRule
from operators.sources import KINDS


class FeedError(ValueError):
    """A mapping or a topic that cannot be used: key of the setting, and what to do."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}")
        self.key = key
        self.why = why


def read_mappings(folder: Path) -> dict[str, str]:
    """TOML of each mapping in a folder, by the name of its file.

    Raises
    ------
    FeedError
        If there is no folder, or a mapping in it is wrong; the text names file and key.
    """
    setting = "formats.mappings"
    if not folder.is_dir():
        raise FeedError(setting, f"{folder} is no folder; name the one of the mappings")
    texts = {}
    for file in sorted(folder.glob("*.toml")):
        try:
            texts[file.stem] = file.read_text("utf-8")
            mapping_info(file.stem, texts[file.stem])
        except (ParameterError, OSError, UnicodeDecodeError) as error:
            raise FeedError(setting, f"{folder}: {error}") from error
    return texts


def check_topics(topics: Mapping[str, ForeignTopic], mappings: Mapping[str, str]) -> None:
    """Refuse topics that cannot be read as they are declared.

    Raises
    ------
    FeedError
        With the key of the setting.
    """
    formats = Formats(mappings)
    for name, topic in topics.items():
        for key, wrong in _faults(name, topic, formats):
            path = f"topics.{name}.{key}"
            raise FeedError(path, wrong)


def _faults(name: str, topic: ForeignTopic, formats: Formats) -> Iterator[tuple[str, str]]:
    if name in schemas.topics():
        yield "format", "of a topic of the station; name topics of others"
    if topic.format not in formats:
        yield "format", f"is {topic.format!r}; known are {', '.join(formats)}"
    if topic.kind not in KINDS:
        yield "kind", f"is {topic.kind!r}; {', '.join(KINDS)}"
    if not 0 <= topic.disorder_ms <= 60_000:
        yield "disorder_ms", f"is {topic.disorder_ms}; 0 to 60000"
    if not 100 <= topic.idle_ms <= 3_600_000:
        yield "idle_ms", f"is {topic.idle_ms}; 100 to 3600000"


def rules_of(topics: Mapping[str, ForeignTopic]) -> dict[str, TopicRule]:
    """How the front takes the records of topics that are not ours."""
    return {
        name: TopicRule(
            format=topic.format,
            kind=KINDS[topic.kind],
            closed=topic.kind != "probe",
            source=topic.source,
            keyed=topic.keyed,
        )
        for name, topic in topics.items()
    }
