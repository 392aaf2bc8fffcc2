# `make run` starts Lattice, `make test` tests it. Both need Python 3.11, python3-venv and make.
SHELL := /bin/bash
PYTHON := .venv/bin/python
export PYTHONUNBUFFERED := 1

.PHONY: install install-dev lock test check format

.venv/bin/uv:
	python3 -m venv .venv
	.venv/bin/pip install -q uv

.venv/base.ok: requirements/base.txt | .venv/bin/uv
	.venv/bin/uv pip install -q --require-hashes -r requirements/base.txt
	@touch $@

.venv/dev.ok: requirements/dev.txt .venv/base.ok
	.venv/bin/uv pip install -q --require-hashes -r requirements/dev.txt
	@touch $@

install: .venv/base.ok
install-dev: .venv/dev.ok

lock: | .venv/bin/uv
	for name in base dev; do \
	  .venv/bin/uv pip compile -q --generate-hashes --no-header --python-version 3.11 \
	    requirements/$$name.in -o requirements/$$name.txt; \
	done

test: .venv/dev.ok
	$(PYTHON) -m pytest -q -n 2

check: .venv/dev.ok
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy .
	.venv/bin/lint-imports
	.venv/bin/deptry .

format: .venv/dev.ok
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
