"""The REST interface of a JobManager, as far as the station needs it."""

import http.client
import time
from typing import Any
from urllib.parse import urlsplit

import msgspec

ACTIVE = ("INITIALIZING", "CREATED", "RUNNING", "RESTARTING", "FAILING", "RECONCILING")


class FlinkError(RuntimeError):
    """A JobManager that does not answer, or refuses."""


class Job(msgspec.Struct, frozen=True):
    """A job as Flink sees it.

    Parameters
    ----------
    jid, name, state
        Id, name and state, as Flink calls them.
    tasks
        Number of tasks by their state, and `total`.
    """

    jid: str
    name: str
    state: str
    tasks: dict[str, int]

    @property
    def runs(self) -> bool:
        """Whether every task runs."""
        total = self.tasks.get("total", 0)
        return self.state == "RUNNING" and 0 < total == self.tasks.get("running", 0)


class JobManager:
    """One JobManager.

    Parameters
    ----------
    url
        Its REST address.
    timeout_s
        How long to wait for an answer.
    """

    def __init__(self, url: str, timeout_s: float = 20.0) -> None:
        self.url = url
        self._timeout_s = timeout_s

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """Send a request and give the answer.

        Raises
        ------
        FlinkError
            If nothing answers, or an error comes back.
        """
        parts = urlsplit(self.url)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        link = kind(parts.hostname or "", parts.port, timeout=self._timeout_s)
        try:
            text = None if body is None else msgspec.json.encode(body)
            link.request(method, path, text, {"Content-Type": "application/json"})
            reply = link.getresponse()
            data = reply.read()
        except (OSError, http.client.HTTPException) as error:
            msg = f"no answer from Flink at {self.url}: {error}"
            raise FlinkError(msg) from error
        finally:
            link.close()
        if reply.status >= 400:
            msg = f"Flink at {self.url} refuses {method} {path}: {_first_error(data)}"
            raise FlinkError(msg)
        return msgspec.json.decode(data)

    def answers(self) -> bool:
        """Whether it answers."""
        try:
            self.ask("/overview")
        except FlinkError:
            return False
        return True

    def task_managers(self) -> list[str]:
        """Ids of the TaskManagers that are registered."""
        return [one["id"] for one in self.ask("/taskmanagers")["taskmanagers"]]

    def jobs(self) -> list[Job]:
        """All jobs it knows, newest first."""
        listed = self.ask("/jobs/overview")["jobs"]
        listed.sort(key=lambda job: -int(job["start-time"]))
        return msgspec.convert(listed, list[Job])

    def active(self, name: str | None = None) -> list[Job]:
        """Jobs that have not ended, newest first; only those of a name if one is given."""
        return [job for job in self.jobs() if job.state in ACTIVE and name in (None, job.name)]

    def failure(self, jid: str) -> str:
        """First line of the last failure of a job, empty if it had none."""
        history = self.ask(f"/jobs/{jid}/exceptions?maxExceptions=1").get("exceptionHistory", {})
        entries = history.get("entries", [])
        return _cause(entries[0]["stacktrace"]) if entries else ""

    def checkpoint(self, jid: str) -> dict[str, Any] | None:
        """Describe the newest completed checkpoint of a job; None if it has none."""
        latest = self.ask(f"/jobs/{jid}/checkpoints")["latest"]
        completed: dict[str, Any] | None = latest["completed"]
        return completed

    def cancel(self, jid: str) -> None:
        """Cancel a job."""
        self.ask(f"/jobs/{jid}", "PATCH")

    def begin_stop(self, jid: str, folder: str) -> str:
        """Begin to stop a job with a savepoint below `folder` (a URL); gives the request's id."""
        body = {"targetDirectory": folder, "drain": False}
        return str(self.ask(f"/jobs/{jid}/stop", "POST", body)["request-id"])

    def stopped(self, jid: str, request: str) -> str | None:
        """Give the savepoint of a stop that was begun; None as long as it goes on.

        Raises
        ------
        FlinkError
            If it failed.
        """
        reply = self.ask(f"/jobs/{jid}/savepoints/{request}")
        if reply["status"]["id"] != "COMPLETED":
            return None
        done = reply["operation"]
        if "location" not in done:
            msg = f"no savepoint: {_cause(done['failure-cause'].get('stack-trace', ''))}"
            raise FlinkError(msg)
        return str(done["location"])

    def stop(self, jid: str, folder: str, patience_s: float) -> str:
        """Stop a job with a savepoint and wait for it; gives where it lies.

        Raises
        ------
        FlinkError
            If it failed or took longer than `patience_s` seconds.
        """
        request, limit = self.begin_stop(jid, folder), time.monotonic() + patience_s
        while time.monotonic() < limit:
            place = self.stopped(jid, request)
            if place is not None:
                return place
            time.sleep(0.05)
        msg = f"no savepoint of job {jid} within {patience_s:g} s"
        raise FlinkError(msg)


def _first_error(data: bytes) -> str:
    try:
        errors = msgspec.json.decode(data).get("errors", [])
    except (msgspec.DecodeError, AttributeError):
        return data.decode("utf-8", "replace")[:200]
    return _cause(str(errors[-1])) if errors else ""


def _cause(trace: str) -> str:
    """Line of a Java stack trace that says most: its last cause."""
    lines = [line for line in trace.splitlines() if line.startswith("Caused by: ")]
    return (lines[-1].removeprefix("Caused by: ") if lines else trace.partition("\n")[0])[:300]
