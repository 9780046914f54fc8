"""No kernel compiles while records wait."""

import subprocess
import sys


def late_kernels(*arguments):
    command = [sys.executable, "-m", "tests.operators.late_kernels", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert not done.returncode, done.stderr
    return done.stdout.splitlines()


def test_a_district_asks_for_no_kernel_that_the_warm_up_did_not_ask_for():
    assert late_kernels() == []


def test_without_a_warm_up_it_asks_for_many():
    assert len(late_kernels("cold")) > 20
