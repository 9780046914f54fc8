"""What all Java processes of the station share: bounded logs, and archives of loaded classes.

A JVM that finds its classes parsed and verified in an archive starts with half the work: broker
5.6 -> 3.1 s of CPU, JobManager 3.1 -> 1.9 s [measured, 2 cores]. An archive that no longer fits the
class path is passed over by the JVM. `infra.local.archives` makes them.
"""

from pathlib import Path

from infra.local import paths

ARCHIVES = paths.ROOT / ".tools" / "cds"
HALF = ".half"
_LOG4J = """\
rootLogger.level = INFO
rootLogger.appenderRef.file.ref = File
appender.file.name = File
appender.file.type = RollingFile
appender.file.append = true
appender.file.fileName = ${sys:log.file}
appender.file.filePattern = ${sys:log.file}.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %c{1} %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 16MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 2
logger.kafka.name = org.apache.kafka.clients
logger.kafka.level = WARN
logger.state.name = state.change.logger
logger.state.level = WARN
logger.transactions.name = kafka.coordinator.transaction
logger.transactions.level = WARN
logger.coordinator.name = org.apache.kafka.coordinator.transaction
logger.coordinator.level = WARN
logger.shaded.name = org.apache.flink.kafka.shaded
logger.shaded.level = WARN
"""


def write_log_configuration(state_dir: Path) -> None:
    """Write the configuration of logging that the Java processes share."""
    (state_dir / "log4j2.properties").write_text(_LOG4J, "utf-8")


def log_configuration(state_dir: Path, part: str) -> list[str]:
    """Options of a Java process that logs to ``logs/<part>.log``."""
    return [
        f"-Dlog.file={state_dir / 'logs' / part}.log",
        f"-Dlog4j.configurationFile=file:{state_dir / 'log4j2.properties'}",
        f"-Dlog4j2.configurationFile=file:{state_dir / 'log4j2.properties'}",
    ]


def archive_options(kind: str, *, make: bool) -> list[str]:
    """Options of a Java process that uses the archive of its kind, or makes it when it ends."""
    file = ARCHIVES / f"{kind}.jsa"
    if make:
        return [f"-XX:ArchiveClassesAtExit={file}{HALF}"]
    return [f"-XX:SharedArchiveFile={file}"] if file.exists() else []
