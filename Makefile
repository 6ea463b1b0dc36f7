# The project's verbs. Each does its own set-up: a machine needs Python 3.11 (or newer) and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CLEAN := $(VENV)/clean
INSTALL := -m pip --disable-pip-version-check
CHECKS := lint types floors wheel
# A recipe's words come together, where this make can do that.
TOGETHER := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
# Bytecode is kept whatever the environment says: the processes that tests start would each compile everything anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo run test test-postgres lint types floors fix docs pictures bench chaos upgrade wheel lock clean

demo: $(VENV)/run.stamp ## the whole desk on this machine and a page to try it, no accounts (ONCE=1: the scene in the terminal, then the end)
	@$(BIN)/python -m bot demo $(if $(ONCE),--once)

run: $(VENV)/run.stamp ## the desk of ./config.toml
	@$(BIN)/python -m bot run

test: ## everything that .ci/run runs: the checks beside each other, then the tests
	@$(MAKE) --no-print-directory --jobs=2 $(TOGETHER) $(CHECKS)
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

test-postgres: $(VENV)/dev.stamp ## every story and contract on PostgreSQL: on a server of its own, or TEST_POSTGRES_URL's
	@TEST_DATABASES=postgresql $(BIN)/pytest -n 2 --dist loadfile tests/storage tests/desk tests/bot

lint: $(VENV)/dev.stamp
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .

types: $(VENV)/dev.stamp
	@$(BIN)/mypy --no-error-summary

floors: $(VENV)/dev.stamp
	@$(BIN)/lint-imports --no-cache > $(VENV)/floors.log || { cat $(VENV)/floors.log; exit 1; }

fix: $(VENV)/dev.stamp ## what ruff can mend by itself
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

docs: $(VENV)/dev.stamp ## what the code writes of itself, and all of it as pages in build/docs, strict about links
	@$(BIN)/python -m bot.reference && $(BIN)/mkdocs build --strict --quiet

pictures: $(VENV)/dev.stamp ## the screenshots of docs/images, taken anew by the page's tests
	@HELPTHREAD_IMAGES=1 $(BIN)/pytest tests/page

chaos: $(VENV)/dev.stamp ## 40 tickets, 2,000 messages, the desk killed all along; the same draws for the same SEED; INSTANCES=3: on PostgreSQL
	@$(BIN)/python -m tests.chaos.run --seed $(or $(SEED),1) --instances $(or $(INSTANCES),1)

upgrade: $(VENV)/dev.stamp ## the desk of an earlier commit beside the newest one, on one PostgreSQL, which it brings forward
	@UPGRADING=1 $(BIN)/pytest tests/chaos/test_upgrading.py

bench: $(VENV)/dev.stamp ## ratios against a bare floor, measured in one run
	@$(BIN)/python -m benchmarks.relay

wheel: $(VENV)/dev.stamp $(CLEAN)/stamp ## build it and try it in a clean environment
	@$(BIN)/python packaging/check_wheel.py $(CLEAN)

lock: $(VENV)/dev.stamp ## write the lock files anew from pyproject.toml
	@$(BIN)/python packaging/lock.py

clean:
	@rm -rf $(VENV) var dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -m venv $(VENV)

# --no-compile: what is imported is compiled then, and most of the libraries' files never are: a third less work to wait for.
$(VENV)/run.stamp: requirements.lock | $(BIN)/python
	@$(BIN)/python $(INSTALL) install -qq --no-compile --require-hashes -r requirements.lock
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock | $(BIN)/python
	@$(BIN)/python $(INSTALL) install -qq --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/run.stamp

# What a desk has that was installed from its wheel, and no more.
$(CLEAN)/stamp: requirements.lock | $(BIN)/python
	@rm -rf $(CLEAN)
	@$(PYTHON) -m venv --without-pip $(CLEAN)
	@$(BIN)/python $(INSTALL) --python $(CLEAN)/bin/python install -qq --require-hashes -r requirements.lock
	@touch $@
