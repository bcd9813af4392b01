# sms-sandbox: `make` alone lists the verbs. Everything a verb needs it sets up itself.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
INSTALL = $(BIN)/pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable

# What `make test` splits the tests over; `make test JOBS=0` runs them in one process.
JOBS ?= auto

.DEFAULT_GOAL = help
.PHONY: help run test check tests contract contract-diff mutations bench certs docs format lock clean

help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

run: $(VENV)/.run  ## Start the sandbox. Settings: environment, or make run ARGS="--throttle 0".
	$(BIN)/sms-sandbox serve $(ARGS)

test: check tests contract  ## Everything a change must pass: format, lint, types, tests on SQLite and PostgreSQL.

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m sms_sandbox.docs_generator --check

tests: $(VENV)/.dev
	$(BIN)/pytest -q -n $(JOBS)

contract: $(VENV)/.dev  ## Run the contract suite: a sandbox of its own, or ENDPOINT=https://… KEY=… SECRET=… CA=…
	@$(BIN)/python -m contract_tests $(ARGS)

contract-diff: $(VENV)/.dev  ## Run the suite on a fresh sandbox and on ENDPOINT, and print where they differ.
	@$(BIN)/python -m contract_tests.diff $(ARGS)

mutations: $(VENV)/.dev  ## Run the suite against every wrong endpoint there is, and write docs/mutations.md. Minutes.
	@$(BIN)/python -m tests.contract.mutate $(ARGS)

bench: $(VENV)/.dev  ## Measure speed and memory, each against a baseline in the same run.
	$(BIN)/python -m benchmarks $(ARGS)

certs: $(VENV)/.run  ## Make or renew the certificates in certs/, and say what to trust.
	$(BIN)/sms-sandbox env

docs: $(VENV)/.dev  ## Write the generated pages of docs/ anew: methods, parity, tables of differences.
	$(BIN)/python -m sms_sandbox.docs_generator

format: $(VENV)/.dev  ## Put the code into the house form.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:  ## Look for newer libraries and pin what is found in requirements.lock.
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet --upgrade-strategy eager --editable '.[postgres,test,dev]'
	build/lock/bin/pip freeze --exclude-editable | grep -vE '^(pip|setuptools|wheel)==' > requirements.lock
	rm -rf build/lock

clean:  ## Remove what the other verbs made, the certificates but not.
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sms-sandbox needs Python 3.11 or newer.")'
	@echo "Setting up $(VENV); this is done once and takes about half a minute."
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/pip pyproject.toml requirements.lock
	$(INSTALL) '.'
	@touch $@

$(VENV)/.dev: $(VENV)/bin/pip pyproject.toml requirements.lock
	$(INSTALL) '.[postgres,test,dev]'
	@touch $@ $(VENV)/.run
