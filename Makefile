# The commands of this project. `make refresh` is all a new machine needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
REFRESH_OPTIONS ?= --offline

.PHONY: install refresh serve test check lock docs dagster clean

refresh: $(VENV)/installed ## Install, refresh from the figures and from dropped-in files, publish; REFRESH_OPTIONS= for live sources
	$(BIN)/hre refresh $(REFRESH_OPTIONS)

serve: $(VENV)/installed ## Show the published site
	$(BIN)/hre serve

test: $(VENV)/installed-dev check ## Everything that must hold, browser tests included
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/installed-dev ## Style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/installed-dev ## Write the pages that are made from the code
	$(BIN)/python -m pipelines.dictionary

dagster: $(VENV)/installed ## Runs, tables and checks in Dagster, on this machine only
	VIRTUAL_ENV=$(CURDIR)/$(VENV) DAGSTER_HOME=$(CURDIR)/.dagster $(BIN)/dg dev --host 127.0.0.1

lock: $(VENV)/installed-dev ## Pin every dependency by version and hash, without addresses
	$(BIN)/pip-compile --quiet --generate-hashes --no-strip-extras --no-emit-index-url --no-emit-trusted-host \
		--no-emit-find-links --no-header --allow-unsafe --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --no-strip-extras --no-emit-index-url --no-emit-trusted-host \
		--no-emit-find-links --no-header --allow-unsafe --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

install: $(VENV)/installed

$(VENV)/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.lock
	touch $@

clean: ## Remove what runs made; figures, evidence and dropped-in files stay
	rm -rf data/snapshots data/tables data/published .dagster
