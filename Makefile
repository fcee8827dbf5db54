# Every verb of this repository. Needed: Python 3.11 or newer, and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
comma := ,
PIP := $(BIN)/python -m pip --disable-pip-version-check
# A process for each core, which take tests from each other towards the end.
SPREAD := -n auto --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo test prove bench browser pictures chaos chaos-long hosts lint types imports format pages check lock clean

help: ## list these verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/runtime.stamp ## create .venv with what runs; the command is then .venv/bin/bookhook

setup-dev: $(VENV)/dev.stamp ## the same, with what tests and lints need

demo: setup ## take signed webhooks of every source to documents in the sandbox (ONCE=1: end after the table)
	$(BIN)/bookhook demo $(if $(filter-out 0,$(ONCE)),--once)

test: setup-dev ## run all tests that need nothing else
	$(BIN)/pytest $(SPREAD) --ignore tests/model --ignore tests/chaos --ignore tests/platforms --ignore tests/hosts --ignore tests/browser

prove: setup-dev ## crashes between any two steps, two workers in every order, 10,000 orders of each platform; takes minutes
	$(BIN)/pytest $(SPREAD) tests/model tests/platforms tests/chaos

bench: setup-dev ## measure speed and size against named baselines, one table (ONLY=quota,growth; QUICK=1: small)
	$(BIN)/python -m benchmarks $(subst $(comma), ,$(ONLY)) $(if $(filter-out 0,$(QUICK)),--quick)

chaos: setup-dev ## kill and break everything for a few minutes, then count the books (SEED=, EVENTS=, PLANT=)
	$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(EVENTS),--events $(EVENTS)) $(if $(PLANT),--plant $(PLANT))

chaos-long: ## the same with 20,000 events
	$(MAKE) --no-print-directory chaos EVENTS=$(or $(EVENTS),20000)

browser: setup-dev ## drive the console with Chromium, which has to be installed
	$(BIN)/pytest $(SPREAD) tests/browser

pictures: setup-dev ## take the pictures of the README anew, of the demonstration's shop; needs Chromium
	$(BIN)/pytest tests/browser/test_screenshots.py --screenshots docs/images

hosts: setup-dev ## several hosts over one Redis, cut off and mended, in network namespaces; as root, four minutes (PLANT=)
	PLANT=$(PLANT) $(BIN)/pytest tests/hosts

lint: setup-dev ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-dev ## check types, strictly
	$(BIN)/mypy

imports: setup-dev ## check which package may import which
	$(BIN)/lint-imports --no-logo

check: lint types imports test ## everything above that can fail

format: setup-dev ## put every file into form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pages: setup ## write what pages take from the code: the schema of mapping files, the table of sources
	$(BIN)/bookhook schema > docs/mapping.schema.json
	$(BIN)/bookhook sources --into README.md

lock: ## write both lock files after a change of dependencies (needs uv)
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate --no-header \
		pyproject.toml build-requirements.in -o requirements.lock
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate --no-header \
		--extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## remove .venv and caches; what the embedded Redis holds stays in .bookhook
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/made.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Bookhook needs Python 3.11 or newer; $(PYTHON) is not. Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/runtime.stamp: requirements.lock pyproject.toml $(VENV)/made.stamp
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@# As pip does for the others: where starting may not write it (PYTHONDONTWRITEBYTECODE), every start would make it anew.
	$(BIN)/python -m compileall -q $(dir $(wildcard */__init__.py)) $(wildcard *.py)
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/runtime.stamp
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
