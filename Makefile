# make run     sets everything up and shows the station at work (ARGS="..." goes to `station demo`)
# make setup   Python, packages, jars, archives, compiled kernels; instant when nothing has changed
# make test    setup, checks, all tests          make check   lint, types, layers, pure tests
# make bench   benchmarks                        make lock    renew requirements.lock
# make clean   remove everything that was built; the state of a station stays

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help run setup test check lock bench clean

BIN := .venv/bin
UV := .tools/bin/uv
STAMPS := .tools/stamps
ARGS ?=
KERNELS := $(wildcard operators/*.py operators/*/*.py)
say = @printf '\033[1m%s\033[0m\n'
export NUMBA_CACHE_DIR := $(CURDIR)/.tools/numba

help:
	@sed -n 's/^# //p' Makefile

run: setup
	$(BIN)/station demo $(ARGS)

setup: $(STAMPS)/package $(STAMPS)/kernels $(STAMPS)/archives

test: setup check
	$(say) 'tests with real servers'
	$(BIN)/pytest -m 'engine or station' --durations=15

check: $(STAMPS)/package
	$(say) 'lint, format, layers, types, pure tests'
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pytest -q -n 2 --dist loadfile -m 'not engine and not station'

bench: setup
	$(BIN)/pytest benchmarks --benchmark-only $(ARGS)

lock: $(STAMPS)/uv
	$(UV) pip compile -q --python-version 3.11 --generate-hashes --all-extras \
	  --group test --group lint --group build --no-annotate --no-header \
	  pyproject.toml -o requirements.lock

clean:
	rm -rf .venv .tools .jars .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.station/*' -prune -exec rm -rf {} +

# -- what setup consists of; each step leaves a stamp ------------------------------------------

$(STAMPS)/uv:
	$(say) 'uv, the installer of packages'
	mkdir -p $(STAMPS)
	test -x $(UV) || python3.11 -m pip install -q --disable-pip-version-check --target .tools uv
	touch $@

$(STAMPS)/venv: requirements.lock $(STAMPS)/uv
	$(say) 'Python packages, as locked (about 1 GB the first time)'
	test -x $(BIN)/python || $(UV) venv -q --python 3.11 .venv
	$(UV) pip sync -q --python $(BIN)/python --require-hashes requirements.lock
	touch $@

$(STAMPS)/package: pyproject.toml $(STAMPS)/venv
	$(say) 'the station itself'
	$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation --reinstall -e .
	touch $@

$(STAMPS)/jars: pom.xml $(STAMPS)/uv
	$(say) 'jars of broker and connector'
	for part in broker flink; do \
	  mvn -q -B dependency:copy-dependencies -P$$part -DoutputDirectory=$(CURDIR)/.jars/$$part; \
	done
	touch $@

$(STAMPS)/archives: $(STAMPS)/package $(STAMPS)/jars | $(STAMPS)/kernels
	$(say) 'archives of Java classes and compiled modules, for quick starts (about a minute)'
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m infra.local.archives
	touch $@

# kept code is renewed only when its own file changes, so a change anywhere renews all of it
$(STAMPS)/kernels: $(STAMPS)/package $(KERNELS)
	$(say) 'compiled kernels'
	rm -rf $(NUMBA_CACHE_DIR)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -c "from operators.warm import warm_up; warm_up()"
	touch $@
