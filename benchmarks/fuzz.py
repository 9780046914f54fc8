"""Mutation fuzz of every adapter: crashes, hangs, growth, and in = accepted + rejected.

    python -m benchmarks.fuzz [--messages 1000000] [--piece 50000] [--seed 1] [--out FILE]

Each piece is a process of its own, so that a crash of the interpreter is seen. Time is that of the
processor, so that a busy machine does not look like a hang. A message that fails is written to a
file beside the report.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import psutil

from benchmarks.fuzzing.mutate import wild
from benchmarks.fuzzing.seeds import FORMATS, seeds
from benchmarks.machine import description
from infra.replay.messages import ANCHOR_US
from operators.decode.decoded import Decoded
from operators.decode.registry import Syntax
from operators.errors import DecodeError
from tests.operators.decode.test_hostile import check

HANG_S = 0.1
WARM = 5000  # messages before memory is looked at: caches fill
Decode = Callable[[str, bytes, int], Decoded]


def piece(messages: int, seed: int, decode: Decode = FORMATS.decode) -> dict[str, object]:
    """Fuzz all formats in turn in this process; counts, worst time, growth of memory."""
    random_source, start_from = Random(seed), seeds()
    names = list(start_from)
    gc.collect()
    gc.freeze()  # what the seeds brought along is no adapter's to walk through
    fates: Counter[str] = Counter()
    slowest, base = (0.0, "", b""), 0
    failed: list[tuple[str, str, str]] = []
    for number in range(messages):
        if number == min(WARM, messages // 2):
            base = _memory()
        name = names[number % len(names)]
        is_json = FORMATS[name].syntax is Syntax.JSON
        payload = wild(start_from[name], is_json, random_source)
        began_s = time.process_time()
        try:
            check(decode(name, payload, ANCHOR_US))
            fates["accepted"] += 1
        except DecodeError as error:
            fates[error.reason.value] += 1
        except Exception as error:  # whatever it is, it is what is looked for
            fates["failed"] += 1
            failed.append((name, f"{type(error).__name__}: {error}"[:300], payload.hex()[:20_000]))
        took_s = time.process_time() - began_s
        if took_s > HANG_S:
            fates["hung"] += 1
            failed.append((name, f"{took_s * 1000:.0f} ms", payload.hex()[:20_000]))
        slowest = max(slowest, (took_s, name, payload), key=lambda one: one[0])
    return {
        "seed": seed,
        "messages": messages,
        "fates": fates,
        "failed": failed[:20],
        "growth_mib": round((_memory() - base) / 2**20, 1),
        "slowest_ms": round(slowest[0] * 1000, 2),
        "slowest_format": slowest[1],
        "slowest_bytes": len(slowest[2]),
    }


def _memory() -> int:
    gc.collect()
    resident: int = psutil.Process().memory_info().rss
    return resident


def _environment() -> dict[str, str]:
    """That of this process; large blocks are given back at once, so that what grows is held."""
    return {**os.environ, "MALLOC_MMAP_THRESHOLD_": "131072"}


def whole(messages: int, size: int, seed: int) -> dict[str, object]:
    """Run all pieces, each in a process of its own; sums."""
    fates: Counter[str] = Counter()
    parts, crashed = [], []
    for number in range(-(-messages // size)):
        count = min(size, messages - number * size)
        words = ["--one", "--messages", str(count), "--seed", str(seed + number)]
        command = [sys.executable, "-m", "benchmarks.fuzz", *words]
        done = subprocess.run(command, capture_output=True, check=False, env=_environment())
        if done.returncode:
            crashed.append((seed + number, done.returncode, done.stderr.decode()[-500:]))
            continue
        part = json.loads(done.stdout)
        fates.update(part["fates"])
        parts.append(part)
        sys.stderr.write(f"{(number + 1) * size:>9,} messages: {dict(fates)}\n")
        sys.stderr.writelines(f"{one}\n"[:500] for one in part["failed"])
    hung = fates.pop("hung", 0)
    slowest = max(parts, key=lambda part: part["slowest_ms"], default={})
    return {
        "messages": messages,
        "formats": len(FORMATS),
        "accepted": fates["accepted"],
        "rejected": fates.total() - fates["accepted"] - fates["failed"],
        "failed": fates["failed"],
        "crashed": crashed,
        "hung": hung,
        "identity": fates.total() == messages,
        "growth_mib": max((part["growth_mib"] for part in parts), default=0.0),
        "growths_mib": [part["growth_mib"] for part in parts],
        "slowest_ms": slowest.get("slowest_ms"),
        "slowest_format": slowest.get("slowest_format"),
        "reasons": dict(fates.most_common()),
        "failures": [one for part in parts for one in part["failed"]],
        "machine": description(),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; exit status 1 if something crashed, hung, grew or was lost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--piece", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--one", action="store_true", help="one piece, in this process")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    if given.one:
        print(json.dumps(piece(given.messages, given.seed)))
        return 0
    report = whole(given.messages, given.piece, given.seed)
    text = json.dumps(report, indent=1)
    if given.out:
        given.out.write_text(text + "\n", "utf-8")
    print("\n".join(f"{key}: {value}" for key, value in report.items() if key != "machine"))
    good = report["identity"] and not (report["failed"] or report["crashed"] or report["hung"])
    return 0 if good and float(str(report["growth_mib"])) <= 16 else 1


if __name__ == "__main__":
    sys.exit(main())
