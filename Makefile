# sms-sandbox: `make` alone lists the targets. Each target installs what it needs.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
INSTALL = $(BIN)/pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable

# Number of processes for `make test`; `make test JOBS=0` runs the tests in one process. Tests wait for servers and clocks
# for a third of their time, so there are more processes than cores.
JOBS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) * 3 // 2)')

# The tests start hundreds of processes. Each would compile the project again if it were told not to keep the result.
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL = help
.PHONY: help run test check collect tests contract contract-diff mutations bench fuzz certs docs screenshots format lock clean

help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

run: $(VENV)/.run  ## Start the sandbox. Settings: environment variables, or make run ARGS="--throttle 0".
	$(BIN)/sms-sandbox serve $(ARGS)

# Types and the contract suite take one core each, so they are checked at the same time. What is done first leaves its
# core to `collect`.
test: $(VENV)/.dev  ## Check everything a change must pass: format, lint, types, tests on SQLite and PostgreSQL.
	@$(MAKE) --no-print-directory -j2 $(if $(findstring output-sync,$(.FEATURES)),--output-sync) check contract collect
	@$(MAKE) --no-print-directory tests

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m sms_sandbox.docs_generator --check

# In a fresh clone all test files are compiled here, once. Otherwise each process of `tests` would compile all of them.
collect: $(VENV)/.dev
	@collected=$$($(BIN)/pytest -q --collect-only) || { echo "$$collected"; exit 1; }

tests: $(VENV)/.dev
	@$(BIN)/python -m tests.browser --install
	$(BIN)/pytest -q -n $(JOBS) --dist worksteal

contract: $(VENV)/.dev  ## Run the contract suite on a new sandbox, or on ENDPOINT=https://… KEY=… SECRET=… CA=…
	@$(BIN)/python -m contract_tests $(ARGS)

contract-diff: $(VENV)/.dev  ## Run the contract suite on a new sandbox and on ENDPOINT, and print the differences.
	@$(BIN)/python -m contract_tests.diff $(ARGS)

mutations: $(VENV)/.dev  ## Run the contract suite against every mutation, and write docs/mutations.md. Takes minutes.
	@$(BIN)/python -m tests.contract.mutate $(ARGS)

bench: $(VENV)/.dev  ## Measure speed and memory, each next to a baseline in the same run.
	$(BIN)/python -m benchmarks $(ARGS)

fuzz: $(VENV)/.dev  ## Try random inputs on a sandbox: bytes, both APIs, imports. In pieces: ARGS="--inputs 100000 --seed 2".
	$(BIN)/python -m benchmarks.fuzz $(ARGS)

certs: $(VENV)/.run  ## Create or renew the certificates in certs/, and print the variables that trust them.
	$(BIN)/sms-sandbox env

screenshots: $(VENV)/.dev  ## Take the pictures of the page again that README and docs show.
	@$(BIN)/python -m tests.page.screenshots

docs: $(VENV)/.dev  ## Generate the pages of docs/ again: methods, parity, scenarios, tables of differences.
	$(BIN)/python -m sms_sandbox.docs_generator

format: $(VENV)/.dev  ## Format the code, and fix what the linter can fix.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:  ## Pin the newest versions of all libraries in requirements.lock.
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet --upgrade-strategy eager --editable '.[server,postgres,test,own-tests,tools,dev]'
	build/lock/bin/pip freeze --exclude-editable | grep -vE '^(pip|setuptools|wheel)==' > requirements.lock
	rm -rf build/lock

clean:  ## Delete everything the other targets created, except the certificates.
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sms-sandbox needs Python 3.11 or newer.")'
	@echo "Creating $(VENV). This happens once, and takes about half a minute."
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/pip pyproject.toml requirements.lock
	$(INSTALL) '.[server]'
	@touch $@

$(VENV)/.dev: $(VENV)/bin/pip pyproject.toml requirements.lock
	$(INSTALL) '.[server,postgres,test,own-tests,tools,dev]'
	@touch $@ $(VENV)/.run
