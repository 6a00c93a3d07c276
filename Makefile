# derbes: `make audit` writes the quarterly audit, `make test` runs every test, `make lab` opens the notebooks on INVENTORY.
# Everything is installed into .venv, with the hashes of requirements*.txt. Without make: see README.md.

INVENTORY ?= inventory/letoile-kz
QUARTER   ?= 2026Q3
ARGS      ?=
TESTS     ?=

PYTHON ?= $(firstword $(foreach p,python3 python3.14 python3.13 python3.12 python3.11 python,$(shell command -v $(p) >/dev/null 2>&1 && $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet

.PHONY: audit test lab bench docs lock clean
.DEFAULT_GOAL := audit

audit: .venv/.runtime
	$(BIN)/derbes report $(INVENTORY) --quarter $(QUARTER) $(ARGS)

test: .venv/.dev
	$(BIN)/python -m pytest -n 2 $(TESTS)

# The notebooks to work in are copies, one set an inventory: those of derbes stay as they are, and your work stays too.
LAB   := lab/$(notdir $(patsubst %/,%,$(INVENTORY)))
FIRST := $(LAB)/$(notdir $(firstword $(wildcard notebooks/explore.ipynb) notebooks/audit.ipynb))

lab: .venv/.dev $(patsubst notebooks/%,$(LAB)/%,$(wildcard notebooks/*.ipynb))
	@mkdir -p .venv/share/jupyter/lab/settings
	@echo '{"@jupyterlab/apputils-extension:notification": {"checkForUpdates": false, "fetchNews": "false"}}' > .venv/share/jupyter/lab/settings/overrides.json
	$(BIN)/jupyter lab $(FIRST) --LabApp.news_url=None --LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate $(ARGS)

$(LAB)/%.ipynb: | notebooks/%.ipynb .venv/.dev
	@mkdir -p $(LAB)
	$(BIN)/papermill --log-level ERROR --prepare-only -p inventory "$(INVENTORY)" -p quarter $(QUARTER) notebooks/$*.ipynb $@

bench: .venv/.dev
	$(BIN)/python tests/benchmarks/bench.py $(ARGS)

docs: .venv/.runtime
	$(BIN)/derbes rules --format markdown > docs/rules.md

lock: .venv/.dev
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" --group build -o requirements.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" --group build --group dev --extra lab -c requirements.txt -o requirements-dev.txt pyproject.toml

clean:
	rm -rf .venv

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or newer is not installed. Install it (Debian, Ubuntu: apt install python3 python3-venv)." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "make: $(PYTHON) has no venv. Install it (Debian, Ubuntu: apt install python3-venv)." >&2; exit 2; }
	$(PYTHON) -m venv .venv

.venv/.runtime: .venv/bin/python requirements.txt pyproject.toml
	$(PIP) install --require-hashes -r requirements.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/bin/python requirements-dev.txt pyproject.toml
	$(PIP) install --require-hashes -r requirements-dev.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ .venv/.runtime
