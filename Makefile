# `make run` starts Lattice, `make test` tests it. Both need Python 3.11, python3-venv and make.
SHELL := /bin/bash
PYTHON3 ?= python3
PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest -q

PORT ?= 8000
LATTICE_DATA_DIR ?= var
DEMO ?= 1
SEED ?= $(LATTICE_TORTURE_SEED)
run stop doctor: export PORT := $(PORT)
run stop doctor: export LATTICE_DATA_DIR := $(LATTICE_DATA_DIR)
run: export DEMO := $(DEMO)
export PYTHONUNBUFFERED := 1
# Hundreds of processes are started in a run of the tests; none should compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

# A kind of test of which there is none yet is not a failure.
NONE_IS_FINE := || [ $$? -eq 5 ]

# What an operator must give in production; here, so that `check --deploy` has something to check.
a-secret = $(shell head -c 32 /dev/urandom | basenc --base64url -w0 | tr -d =)
PRODUCTION = LATTICE_ENV=production ALLOWED_HOSTS=lattice.example \
  PUBLIC_SERVER_URL=https://lattice.example DATABASE_URL=postgresql://localhost/lattice \
  REDIS_URL=redis://localhost SECRET_KEY=$(a-secret)$(a-secret) JWT_SECRET=$(a-secret) \
  LATTICE_MASTER_KEYS=$(a-secret) LATTICE_CHECKPOINT_KEY=$(a-secret)

.DEFAULT_GOAL := help
.PHONY: help run stop doctor install install-dev lock test peers e2e walk torture mutants bench check secrets audit screenshots format

help: ## What can be made
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: .venv/base.ok ## Run Lattice (PORT=8000 LATTICE_DATA_DIR=var DEMO=1)
	@exec $(PYTHON) manage.py up

stop: .venv/base.ok ## Stop the one that runs on LATTICE_DATA_DIR
	@$(PYTHON) manage.py stop

doctor: .venv/base.ok ## Is everything there and well?
	@$(PYTHON) manage.py doctor

install: .venv/base.ok ## Install what Lattice runs on, into .venv
install-dev: .venv/dev.ok ## And what building and testing it takes

.venv/%.ok: requirements/%.txt requirements/install.py
	@$(PYTHON3) requirements/install.py $*

.venv/base.ok: .venv/data.ok
.venv/dev.ok: .venv/base.ok

lock: .venv/base.ok ## Pin requirements/*.in, with hashes
	for name in uv data base dev; do \
	  alone=; [ $$name != data ] || alone=--no-deps; \
	  $(PYTHON) -m uv pip compile -q $$alone --generate-hashes --no-header --python-version 3.11 \
	    requirements/$$name.in -o requirements/$$name.txt || exit; \
	done

test: export LATTICE_TORTURE_SEED := $(SEED)
test: .venv/dev.ok ## Everything that needs only pip; SEED=1 takes the same cases each time
	$(PYTEST) -n auto --dist loadgroup \
	  $(if $(SEED),--hypothesis-seed=$(SEED) --randomly-seed=$(SEED))

tests/peers/node_modules: tests/peers/package-lock.json
	npm ci --prefix $(@D) --no-audit --no-fund --ignore-scripts
	@touch $@

peers: .venv/dev.ok tests/peers/node_modules ## Tests against peers from npm and Debian
	$(PYTEST) -m peers $(NONE_IS_FINE)

e2e: .venv/dev.ok ## Browser tests; they need Chromium
	$(PYTEST) -m e2e -n 2 $(NONE_IS_FINE)

walk: .venv/dev.ok ## Every page, light and dark, and every command of the docs, for some minutes
	$(PYTEST) -m walk

torture: export LATTICE_TORTURE_ROWS := $(ROWS)
torture: export LATTICE_TORTURE_SEED := $(SEED)
torture: export LATTICE_TORTURE_SIZE := $(SIZE)
torture: export LATTICE_TORTURE_QUICK := $(QUICK)
torture: .venv/dev.ok ## Every promise at length, or ROWS=3,15; SEED=1 replays, SIZE=500 of row 1, QUICK=1
	$(PYTEST) -s -m "$(if $(QUICK),torture and quick,torture or row)" --timeout 3600 \
	  --note-figures docs/reliability.md

mutants: .venv/dev.ok ## Take each guard away in turn and see its test go red, or of those in ONLY="approvals*"
	@$(PYTHON) -m tests.guards.run "$(ONLY)"

bench: .venv/dev.ok ## Measure all there is, or ONLY=record,graph, and tell it in docs/performance.md
	@$(PYTHON) -m bench --only "$(ONLY)"

check: .venv/dev.ok ## Lint, types, contracts, migrations, deployment settings
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(PYTHON) -m mypy .
	.venv/bin/lint-imports
	.venv/bin/deptry .
	.venv/bin/bandit -q -r -ll apps config manage.py
	$(PYTEST) tests/architecture
	$(PYTHON) manage.py makemigrations --check --dry-run
	$(PYTHON) manage.py write_docs --check
	@$(PRODUCTION) $(PYTHON) manage.py check --deploy --fail-level WARNING

secrets: .venv/dev.ok ## Look for secrets in every line that was ever committed
	$(PYTHON) -m tests.security.history

audit: secrets ## And for what is known against the packages; that needs the network
	$(PYTHON) -m pip_audit --strict --disable-pip --require-hashes \
	  $(foreach name,uv data base dev,-r requirements/$(name).txt)

screenshots: .venv/dev.ok ## Take the pictures in docs/images anew
	$(PYTHON) -m pytest -q -m e2e tests/e2e/pictures.py

format: .venv/dev.ok ## Let ruff have its way
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
