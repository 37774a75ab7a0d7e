# Everything here needs Python 3.11 or newer, make and a package registry; the rest it installs
# itself, into .venv. Paths are relative, so a clone may lie in a folder with spaces in its name.
#
#   PYTHON=python3.13 make test     another interpreter (for a fresh .venv)
#   VENV=.venv-3.13 make test       another environment, to keep several side by side

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV ?= .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
DEMO_PHOTOS := examples/photos
MACHINE ?= x86_64
PYTEST_ARGS ?= -n logical --maxprocesses 4 --dist loadgroup
UV ?= uv
# The package for Lambda is for this Python.
PYTHON_LAMBDA ?= python3.12

# The first of these that is new enough makes the environment; Debian's python3 may be too old.
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python
find_python = for p in $(CANDIDATES); do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' >/dev/null 2>&1 \
	&& { echo "$$p"; break; }; done
PYTHON ?= $(shell $(find_python))

.PHONY: help demo test check fix docs bench bench-catalog bench-search bench-server bench-site bench-lambda
.PHONY: bench-cluster
.PHONY: bench-relabel
.PHONY: help demo test check fix docs bench bench-catalog bench-search bench-server bench-site bench-stores bench-lambda
.PHONY: servers linters clients demo-aws soak lambda-zip requirements clean
.PHONY: same-python

help:  ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.demo-ready  ## label the example photos, and say where to look
	@$(BIN)/bucketlens label "$(DEMO_PHOTOS)/beagle puppy.jpg" $(DEMO_PHOTOS)/zebra.jpg \
		$(DEMO_PHOTOS)/travel/taxis.jpg $(DEMO_PHOTOS)/food/espresso.jpg
	@echo
	@$(BIN)/bucketlens run $(DEMO_PHOTOS) demo
	@echo
	@echo "Open demo/site/index.html in a browser; the records are in demo/metadata."
	@echo "Your own photos:  $(BIN)/bucketlens run ~/Pictures ~/labels"

test: check docs  ## all checks, the docs and the tests
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/.dev-ready  ## formatting, lint, types and layers
	$(BIN)/python -m ruff format --check --quiet .
	$(BIN)/python -m ruff check --quiet .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/python tools/docs/generate.py --check

fix: $(VENV)/.dev-ready  ## format, repair what lint can, and renew the generated pages
	$(BIN)/python -m ruff format .
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python tools/docs/generate.py

docs: $(VENV)/.dev-ready  ## build the documentation into build/docs; a warning is an error
	@$(BIN)/zensical build --strict --clean

bench:  ## compare with other ways to do it, in an environment of its own (.venv-bench)
	@$(MAKE) VENV=.venv-bench .venv-bench/.bench-ready
	.venv-bench/bin/python bench/run.py $(BENCH_ARGS)

bench-catalog: $(VENV)/.dev-ready  ## measure the catalog: made, updated, loaded, asked
	$(BIN)/python bench/catalog.py $(BENCH_ARGS)

bench-cluster: $(VENV)/.dev-ready  ## measure a cluster of this machine beside the local engine
	$(BIN)/python bench/cluster.py $(BENCH_ARGS)

bench-relabel: $(VENV)/.dev-ready  ## measure labels made again: told beforehand, and done
	$(BIN)/python bench/relabel.py $(BENCH_ARGS)

bench-site: $(VENV)/.dev-ready  ## measure the site's index: builds, updates, and what a browser fetches
	$(BIN)/python bench/site_index.py $(BENCH_ARGS)

bench-stores: $(VENV)/.dev-ready  ## measure folders with many records, and images in growing collections
	$(BIN)/python bench/stores.py $(BENCH_ARGS)
	$(BIN)/python bench/growth.py

bench-search: $(VENV)/.dev-ready  ## measure searching a catalog, in memory and from a cold start
	$(BIN)/python bench/search.py $(BENCH_ARGS)

bench-lambda: $(VENV)/.dev-ready .servers/.ready lambda-zip  ## measure the label function on Lambda's runtime
	@"$(PYTHON_LAMBDA)" -m venv .venv-lambda
	@.venv-lambda/bin/python -m pip --disable-pip-version-check --quiet install awslambdaric boto3
	$(BIN)/python bench/lambda.py --code build/lambda/bucketlens-x86_64.zip \
		--python .venv-lambda/bin/python $(BENCH_ARGS)

bench-server:  ## measure DetectLabels against the floor and a server written by hand
	@$(MAKE) VENV=.venv-bench .venv-bench/.bench-ready
	.venv-bench/bin/python bench/server.py $(BENCH_ARGS)

servers: .servers/.ready  ## install the servers that the tests of stores run against

.servers/.ready: requirements/servers.txt requirements/emulator.txt
	@$(MAKE) VENV=.servers .servers/pyvenv.cfg
	@echo "installing the servers of the tests (requirements/servers.txt)"
	@.servers/bin/python -m pip --disable-pip-version-check --quiet install \
		--require-hashes -r requirements/servers.txt
	@.servers/bin/python -m pip --disable-pip-version-check --quiet download --no-deps \
		--require-hashes -r requirements/emulator.txt -d .servers/wheels
	@.servers/bin/python -m zipfile -e .servers/wheels/aws_sam_cli-*.whl .servers/aws-sam-cli
	@cp .servers/aws-sam-cli/samcli/local/rapid/aws-lambda-rie-* .servers/bin
	@chmod +x .servers/bin/aws-lambda-rie-*
	@touch $@

clients: .clients/.ready  ## install the programs of others that the server is tried with

.clients/.ready: requirements/clients.txt
	@$(MAKE) VENV=.clients .clients/pyvenv.cfg
	@echo "installing the clients of the tests (requirements/clients.txt)"
	@.clients/bin/python -m pip --disable-pip-version-check --quiet install \
		--require-hashes -r requirements/clients.txt
	@touch $@

linters: .linters/.ready  ## install what looks at the template for AWS

.linters/.ready: requirements/sam.txt requirements/checkov.txt
	@$(MAKE) VENV=.linters/sam .linters/sam/pyvenv.cfg
	@$(MAKE) VENV=.linters/checkov .linters/checkov/pyvenv.cfg
	@echo "installing what looks at the template (requirements/sam.txt, checkov.txt)"
	@for name in sam checkov; do .linters/$$name/bin/python -m pip --disable-pip-version-check \
		--quiet install --no-deps --require-hashes -r requirements/$$name.txt || exit 1; done
	@touch $@

demo-aws: $(VENV)/.dev-ready .servers/.ready  ## the stack for AWS on an emulator, and what becomes of uploads
	@$(BIN)/python -m tools.demo_aws

soak: $(VENV)/.dev-ready  ## kill and restart runs and watches for a long time, and compare what they leave
	SOAK=50 $(BIN)/python -m pytest tests/e2e/test_crashes.py tests/e2e/test_watching.py \
		tests/e2e/test_cluster.py
SOAK ?= 50
soak: $(VENV)/.dev-ready .servers/.ready  ## kill, restart and disturb runs and watches for a long time, and compare what they leave
	SOAK=$(SOAK) $(BIN)/python -m pytest tests/e2e/test_crashes.py tests/e2e/test_watching.py tests/faults

lambda-zip: $(VENV)/pyvenv.cfg same-python  ## build the packages for AWS Lambda into build/lambda
	@$(BIN)/python tools/lambda_zip.py --deploy $(MACHINE)

requirements:  ## renew the pinned requirements; needs uv
	$(compile) pyproject.toml requirements/build.in -o requirements/demo.txt
	$(compile) pyproject.toml --extra s3 --extra aws --extra cluster --extra server --extra evaluate \
		requirements/build.in requirements/dev.in -c requirements/demo.txt -o requirements/dev.txt
	$(compile) requirements/servers.in -o requirements/servers.txt
	$(compile) requirements/clients.in -o requirements/clients.txt
	$(compile) requirements/sam.in -o requirements/sam.txt
	$(compile) requirements/checkov.in -o requirements/checkov.txt
	$(subst 3.11,3.12,$(compile)) $(addprefix --no-emit-package ,$(NOT_IN_LAMBDA)) \
		pyproject.toml --extra aws -c requirements/demo.txt -o requirements/lambda.txt

clean:  ## remove what was made, the environment too
	rm -rf "$(VENV)" .venv-bench .servers .linters .clients build dist demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .cache

# What only the command line runs on, and what Lambda's Python has already: boto3 and its own.
NOT_IN_LAMBDA := click colorama rich pygments markdown-it-py mdurl \
	boto3 botocore s3transfer python-dateutil six urllib3

# One version of each package for every Python and platform, with hashes and without addresses.
compile = $(UV) pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-emit-find-links --upgrade \
	--custom-compile-command 'make requirements'

# The environment. Each step leaves a stamp, so that a second call costs nothing.

$(VENV)/pyvenv.cfg:
	@test -n "$(PYTHON)" || { echo "bucketlens needs Python 3.11 to 3.14, and none of these is it:" \
		"$(CANDIDATES). Install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is not Python 3.11 or newer: $$("$(PYTHON)" --version 2>&1)" >&2; exit 1; }
	@echo "making $(VENV) with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv "$(VENV)" || { rm -rf "$(VENV)"; exit 1; }

# An interpreter that is asked for by name is the one that is used, or else it is said.
same-python: $(VENV)/pyvenv.cfg
ifneq ($(origin PYTHON),file)
	@asked=$$("$(PYTHON)" --version) made=$$($(BIN)/python --version); \
	test "$$asked" = "$$made" || { echo "$(VENV) has $$made, and you ask for $$asked:" \
		"say make VENV=.venv-other, or make clean first" >&2; exit 1; }
endif

$(VENV)/.demo-ready: requirements/demo.txt pyproject.toml | $(VENV)/pyvenv.cfg same-python
	@echo "installing what runs it (requirements/demo.txt)"
	@$(PIP) install --require-hashes -r requirements/demo.txt
	@$(install_package)
	@touch $@

$(VENV)/.dev-ready: requirements/dev.txt pyproject.toml | $(VENV)/pyvenv.cfg same-python
	@echo "installing what tests it (requirements/dev.txt)"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@$(install_package)
	@touch $@ $(VENV)/.demo-ready

# Not pinned by hash: what is compared with has other files for each kind of machine.
$(VENV)/.bench-ready: bench/requirements.txt $(VENV)/.demo-ready
	@echo "installing what it is compared with (bench/requirements.txt)"
	@$(PIP) install -r bench/requirements.txt
	@touch $@

# Its own build backend is among the pinned packages, so nothing is fetched here.
install_package = $(PIP) install --no-deps --no-build-isolation --editable .
