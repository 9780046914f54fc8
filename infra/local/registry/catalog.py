"""What is registered: subjects, versions, ids and compatibility levels, kept in a journal."""

import json
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from fastavro.schema import SchemaParseException, UnknownType, parse_schema

from infra.local.engine.folder import hold
from infra.local.registry.resolution import conflicts

LEVELS: Final = (
    "NONE",
    "BACKWARD",
    "BACKWARD_TRANSITIVE",
    "FORWARD",
    "FORWARD_TRANSITIVE",
    "FULL",
    "FULL_TRANSITIVE",
)
DEFAULT_LEVEL: Final = "BACKWARD_TRANSITIVE"  # a replay reads all that was ever written
LATEST: Final = "latest"

_BACKWARD: Final = frozenset(("BACKWARD", "FULL"))
_FORWARD: Final = frozenset(("FORWARD", "FULL"))


class RegistryError(Exception):
    """A refusal in Confluent's terms.

    Parameters
    ----------
    code
        Confluent's error code; its first three digits are the HTTP status.
    message
        For people.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Version:
    """One version of a subject.

    Attributes
    ----------
    number
        From 1, without gaps.
    schema_id
        Of its schema, which other subjects may share.
    """

    number: int
    schema_id: int


@dataclass
class _State:
    """What the journal adds up to."""

    schemas: dict[int, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    subjects: dict[str, list[Version]] = field(default_factory=dict)
    levels: dict[str | None, str] = field(default_factory=dict)

    def replay(self, event: dict[str, Any]) -> None:
        """Apply one line of the journal."""
        subject = event["subject"]
        if "level" in event:
            self.levels[subject] = event["level"]
            return
        schema_id, schema = event["id"], event["schema"]
        self.schemas[schema_id] = schema
        self.ids[_identity(schema)] = schema_id
        self.subjects.setdefault(subject, []).append(Version(event["version"], schema_id))


def _identity(schema: str) -> str:
    """What makes two texts the same schema: the JSON apart from space and order of keys."""
    return json.dumps(json.loads(schema), sort_keys=True)


def _parsed(schema: str) -> Any:
    """`schema` validated, with full names; 42201 if it is no Avro schema."""
    try:
        return parse_schema(json.loads(schema))
    except (ValueError, KeyError, TypeError, SchemaParseException, UnknownType) as error:
        raise RegistryError(42201, f"Invalid schema: {error!r}") from error


class Catalog:
    """The registry's state; safe to use from several threads.

    Parameters
    ----------
    folder
        Made if absent, and held exclusively.

    Raises
    ------
    BlockingIOError
        Another process holds the folder.
    ValueError
        The journal is damaged elsewhere than in a last line cut off.
    """

    def __init__(self, folder: Path) -> None:
        self._lock_file = hold(folder, "registry.lock")
        self._lock = threading.RLock()
        self._state = _State()
        self._journal = (folder / "registry.jsonl").open("a+b")
        self._replay()

    def close(self) -> None:
        """Release the folder."""
        with self._lock:
            self._journal.close()
            self._lock_file.close()

    def subjects(self) -> list[str]:
        """All subjects in order of their names."""
        with self._lock:
            return sorted(self._state.subjects)

    def versions(self, subject: str) -> list[Version]:
        """Versions of `subject` in order; 40401 if there is none."""
        with self._lock:
            if subject not in self._state.subjects:
                raise RegistryError(40401, f"Subject '{subject}' not found.")
            return list(self._state.subjects[subject])

    def version(self, subject: str, wanted: str) -> Version:
        """Version of a number or `LATEST`; 40401, 40402, or 42202 for what is no version."""
        versions = self.versions(subject)
        if wanted in (LATEST, "-1"):
            return versions[-1]
        if not wanted.isdecimal() or int(wanted) < 1:
            words = 'Allowed values are between [1, 2^31-1] and the string "latest"'
            raise RegistryError(42202, f"The specified version '{wanted}' is not valid. {words}")
        if int(wanted) > len(versions):
            raise RegistryError(40402, f"Version {wanted} not found.")
        return versions[int(wanted) - 1]

    def schema(self, schema_id: int) -> str:
        """Schema of an id as JSON text; 40403 if unknown."""
        with self._lock:
            if schema_id not in self._state.schemas:
                raise RegistryError(40403, f"Schema {schema_id} not found")
            return self._state.schemas[schema_id]

    def uses(self, schema_id: int) -> list[tuple[str, int]]:
        """Subjects and version numbers that have the schema; 40403 if unknown."""
        self.schema(schema_id)
        with self._lock:
            return [
                (subject, version.number)
                for subject, versions in sorted(self._state.subjects.items())
                for version in versions
                if version.schema_id == schema_id
            ]

    def level(self, subject: str | None) -> str | None:
        """Compatibility level set for `subject`, or the global one for None."""
        with self._lock:
            default = DEFAULT_LEVEL if subject is None else None
            return self._state.levels.get(subject, default)

    def set_level(self, subject: str | None, level: str) -> None:
        """Set the level for `subject`, or the global one for None; 42203 for an unknown one."""
        if level not in LEVELS:
            raise RegistryError(42203, f"Invalid compatibility level. Valid values: {LEVELS}")
        with self._lock:
            self._record({"subject": subject, "level": level})

    def find(self, subject: str, schema: str) -> Version:
        """Version of `subject` with this very schema; 40401, 40403 or 42201."""
        versions = self.versions(subject)
        _parsed(schema)
        with self._lock:
            schema_id = self._state.ids.get(_identity(schema))
        for version in versions:
            if version.schema_id == schema_id:
                return version
        raise RegistryError(40403, "Schema not found")

    def register(self, subject: str, schema: str) -> int:
        """Id of `schema` in `subject`, as a new version if it is not one yet.

        Raises
        ------
        RegistryError
            42201 for an invalid schema, 409 for an incompatible one.
        """
        _parsed(schema)
        with self._lock:
            versions = self._state.subjects.get(subject, [])
            schema_id = self._state.ids.get(_identity(schema))
            if any(version.schema_id == schema_id for version in versions):
                return int(schema_id or 0)
            reasons = self.obstacles(subject, schema)
            if reasons:
                words = "Schema being registered is incompatible with an earlier schema for subject"
                raise RegistryError(409, f'{words} "{subject}", details: {reasons}')
            schema_id = schema_id or len(self._state.schemas) + 1
            number, compact = len(versions) + 1, json.dumps(json.loads(schema))
            new = {"subject": subject, "version": number, "id": schema_id, "schema": compact}
            self._record(new)
            return schema_id

    def obstacles(self, subject: str, schema: str, against: Version | None = None) -> list[str]:
        """Why `schema` may not follow in `subject`; none if it may.

        Parameters
        ----------
        subject
            May be new.
        schema
            Candidate as JSON text; 42201 if invalid.
        against
            Compare with this version only; None compares with those the level asks for.
        """
        candidate = _parsed(schema)
        with self._lock:
            level = self.level(subject) or self.level(None) or DEFAULT_LEVEL
            versions = list(self._state.subjects.get(subject, ()))
        direction, _, transitive = level.partition("_")
        if against is not None:
            versions = [against]
        elif not transitive:
            versions = versions[-1:]
        reasons = []
        for version in versions:
            earlier = _parsed(self.schema(version.schema_id))
            reasons += _between(direction, candidate, earlier, version.number)
        return reasons

    def _record(self, event: dict[str, Any]) -> None:
        """Make `event` durable before anybody hears of it."""
        self._journal.write(json.dumps(event).encode() + b"\n")
        self._journal.flush()
        os.fsync(self._journal.fileno())
        self._state.replay(event)

    def _replay(self) -> None:
        self._journal.seek(0)
        whole_bytes = 0
        for line in self._journal:
            if not line.endswith(b"\n"):
                # Cut off by a crash before its answer went out.
                self._journal.truncate(whole_bytes)
                break
            self._state.replay(json.loads(line))
            whole_bytes += len(line)
        self._journal.seek(0, os.SEEK_END)


def _between(direction: str, candidate: Any, earlier: Any, number: int) -> list[str]:
    reasons = []
    if direction in _BACKWARD:
        found = conflicts(candidate, earlier)
        reasons += [f"cannot read version {number}: {reason}" for reason in found]
    if direction in _FORWARD:
        found = conflicts(earlier, candidate)
        reasons += [f"version {number} cannot read it: {reason}" for reason in found]
    return reasons
