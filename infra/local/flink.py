"""A Flink for one job: its files, its commands, its snapshots.

Each job has a JobManager and TaskManagers of one slot: in thread mode the Python of a job lives in
the JVM of its TaskManager, and a second job, or a second slot, does not fit there.
"""

from collections.abc import Mapping
from pathlib import Path

from infra.local import paths
from infra.local.java import archive_options, log_configuration
from jobs.settings import Settings, child_environment

_SERIAL = ["-XX:+UseSerialGC", "-XX:-UsePerfData"]
_SHORT_LIVED = [*_SERIAL, "-XX:TieredStopAtLevel=1", "-Xshare:auto"]
_DIRECT_MIB = 320  # framework and task off-heap, network, and the connector's buffers
_CONFIGURATION = """\
jobmanager.rpc.address: 127.0.0.1
jobmanager.bind-host: 127.0.0.1
jobmanager.memory.heap.size: {jm_heap}m
jobmanager.memory.off-heap.size: 128m
jobmanager.memory.jvm-metaspace.size: 200m
jobmanager.memory.jvm-overhead.min: 64m
jobmanager.rpc.port: {rpc}
rest.port: {rest}
rest.address: 127.0.0.1
rest.bind-address: 127.0.0.1
web.submit.enable: false
taskmanager.host: 127.0.0.1
taskmanager.bind-host: 127.0.0.1
taskmanager.numberOfTaskSlots: 1
taskmanager.cpu.cores: 1
taskmanager.memory.framework.heap.size: 64m
taskmanager.memory.task.heap.size: {tm_heap}m
taskmanager.memory.framework.off-heap.size: 64m
taskmanager.memory.task.off-heap.size: 128m
taskmanager.memory.network.min: 64m
taskmanager.memory.network.max: 64m
taskmanager.memory.managed.size: {managed}m
taskmanager.memory.jvm-metaspace.size: 256m
taskmanager.memory.jvm-overhead.min: 192m
taskmanager.memory.jvm-overhead.max: 192m
heartbeat.interval: 1000
heartbeat.timeout: 5000
classloader.resolve-order: parent-first
cluster.registration.error-delay: 200
cluster.registration.initial-timeout: 100
cluster.registration.refused-registration-delay: 500
blob.storage.directory: {folder}/blobs
io.tmp.dirs: {folder}/tmp
state.backend.type: hashmap
execution.checkpointing.dir: file://{folder}/checkpoints
execution.checkpointing.savepoint-dir: file://{folder}/savepoints
execution.checkpointing.interval: {interval} ms
execution.checkpointing.timeout: {timeout} ms
execution.checkpointing.num-retained: 2
execution.checkpointing.externalized-checkpoint-retention: RETAIN_ON_CANCELLATION
restart-strategy.type: exponential-delay
restart-strategy.exponential-delay.initial-backoff: 200 ms
restart-strategy.exponential-delay.max-backoff: 5 s
python.executable: {python}
python.client.executable: {python}
python.execution-mode: {mode}
"""


class JobFlink:
    """The Flink of one job below the state folder.

    Parameters
    ----------
    state_dir
        State folder of the station.
    job
        Name of the job.
    ports
        Ports of the JobManager: RPC and REST.
    settings
        Memory, checkpoints and execution mode.
    archive
        Whether its processes make their archives of classes when they end.
    """

    def __init__(
        self,
        state_dir: Path,
        job: str,
        ports: tuple[int, int],
        settings: Settings,
        *,
        archive: bool = False,
    ) -> None:
        self._state_dir, self._job, self._ports = state_dir, job, ports
        self._settings, self._archive = settings, archive
        self.folder = state_dir / "flink" / job

    @property
    def url(self) -> str:
        """REST address of the JobManager."""
        return f"http://127.0.0.1:{self._ports[1]}"

    def prepare(self) -> None:
        """Write the configuration."""
        flink, local = self._settings.flink, self._settings.local
        for name in ("conf", "tmp", "blobs", "checkpoints", "savepoints"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)  # a snapshot is code as much as data
        text = _CONFIGURATION.format(
            folder=self.folder,
            rpc=self._ports[0],
            rest=self._ports[1],
            jm_heap=local.jobmanager_heap_mib,
            tm_heap=local.taskmanager_heap_mib,
            managed=32 if flink.mode == "thread" else 128,
            interval=flink.checkpoint_interval_ms,
            timeout=flink.checkpoint_timeout_ms,
            python=paths.python(),
            mode=flink.mode,
        )
        (self.folder / "conf" / "config.yaml").write_text(text, "utf-8")

    def environment(self) -> Mapping[str, str]:
        """Environment of every process of this Flink."""
        home = paths.flink_home()
        return {
            # thread mode finds its libraries by the first python on the path
            "PATH": f"{Path(paths.python()).parent}:{child_environment().get('PATH', '')}",
            "FLINK_CONF_DIR": str(self.folder / "conf"),
            "FLINK_HOME": str(home),
            "FLINK_LIB_DIR": str(home / "lib"),
            "FLINK_OPT_DIR": str(home / "opt"),
            "FLINK_PLUGINS_DIR": str(home / "plugins"),
            "FLINK_BIN_DIR": str(home / "bin"),
            "PYTHONPATH": str(paths.ROOT),
            "NUMBA_CACHE_DIR": str(paths.NUMBA_CACHE),
            "TMPDIR": str(self.folder / "tmp"),
            "OMP_NUM_THREADS": "1",  # one TaskManager is one core
            "OPENBLAS_NUM_THREADS": "1",
        }

    def job_manager(self) -> list[str]:
        """Command of the JobManager."""
        heap = f"-Xmx{self._settings.local.jobmanager_heap_mib}m"
        main = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
        return self._java([*_SHORT_LIVED, heap], "jobmanager", main, *self._configured())

    def task_manager(self, number: int, resource: str) -> list[str]:
        """Command of one TaskManager, under the id `resource`."""
        heap = self._settings.local.taskmanager_heap_mib + 64
        # decoders and compilers recurse on the JVM's threads
        # the second compiler takes 40 % of a core in the first minute, and Python does the work
        flags = [
            *_SERIAL,
            "-XX:TieredStopAtLevel=1",
            f"-Xmx{heap}m",
            "-Xss8m",
            f"-XX:MaxDirectMemorySize={_DIRECT_MIB}m",
        ]
        main = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
        words = (*self._configured(), "-D", f"taskmanager.resource-id={resource}")
        return self._java(flags, f"taskmanager-{number}", main, *words)

    def submit(self, file: Path, arguments: tuple[str, ...], snapshot: Path | None) -> list[str]:
        """Command that submits a job and returns when Flink has taken it."""
        main = "org.apache.flink.client.cli.CliFrontend"
        resume = ["-s", f"file://{snapshot}"] if snapshot else []
        words = ["run", "-d", *resume, "-py", str(file), *arguments]
        return self._java([*_SHORT_LIVED, "-Xmx256m"], "submit", main, *words)

    def _configured(self) -> tuple[str, str]:
        return ("--configDir", str(self.folder / "conf"))

    def _java(self, flags: list[str], name: str, main: str, *arguments: str) -> list[str]:
        return [
            paths.java(),
            *paths.flink_java_options(),
            *flags,
            *archive_options(name.partition("-")[0], make=self._archive),
            f"-Djava.io.tmpdir={self.folder / 'tmp'}",
            *log_configuration(self._state_dir, f"{self._job}.{name}"),
            *("-cp", paths.flink_classpath(), main),
            *arguments,
        ]

    def snapshot(self) -> Path | None:
        """Give the newest complete savepoint or retained checkpoint; None if there is none.

        One is complete when its `_metadata` is there: Flink writes that last.
        """
        found = [
            *self.folder.glob("savepoints/*/_metadata"),
            *self.folder.glob("checkpoints/*/chk-*/_metadata"),
        ]
        newest = max(found, key=lambda file: file.stat().st_mtime_ns, default=None)
        return newest.parent if newest else None
