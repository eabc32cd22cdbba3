# The two commands a newcomer types: make run, make test.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
WORK ?= work

.PHONY: run test test-all lint types format house lock clean help

help:  ## show this list
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | column -t -s '	'

# Made on first use, and made again when the lock or the packaging changes.
.venv/installed: requirements.lock requirements-uv.lock setup.py
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	$(BIN)/uv pip install --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

run: .venv/installed  ## from nothing to reranked movies
	$(BIN)/recsys run configs/movielens-100k.yaml --work-dir $(WORK)

test: lint types  ## lint, types, unit and end-to-end tests
	$(BIN)/python -m pytest -m "not slow and not long" -n 2 --dist loadfile

test-all: test  ## and the tests that take longer, or need engines, browsers or servers
	$(BIN)/python -m pytest -m "long and not slow" -n 2 --dist loadfile
	$(BIN)/python -m pytest -m slow -n 2 --dist loadfile

lint: .venv/installed  ## ruff: rules and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed  ## mypy, strict
	$(BIN)/mypy

format: .venv/installed  ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench-%: .venv/installed  ## a benchmark by its name in benchmarks/: ratios against a peer or a limit
	$(BIN)/python -m benchmarks.$* $(LOG)

house: .venv/installed  ## draw docs/house.svg, which folder imports which, from the imports
	$(BIN)/python docs/house.py docs/house.svg

lock: .venv/installed  ## resolve setup.py again into requirements.lock
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --upgrade --generate-hashes --python-version 3.11 --extra dev setup.py -o requirements.lock

clean:  ## remove what runs made (not .venv)
	rm -rf $(WORK) benchmarks/measurements
