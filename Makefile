# One command each. All set-up is done on the way; a second run finds it done.

PORT ?= 8501
UV ?= uv
export PYTHON

.PHONY: help install demo test check bench docs lock clean

help:  ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 10

demo:  ## a simulated shop with its worker and pages on port 8501, or PORT=…
	@.ci/venv run
	@exec .venv/bin/deskpulse demo --port $(PORT)

install:  ## .venv with the deskpulse command, for your own databases
	@.ci/venv run
	@echo "Ready: . .venv/bin/activate && deskpulse --help"

test:  ## all tests, on real PostgreSQL, MariaDB and Chromium; ARGS="-k live" for some
	@.ci/venv dev
	@.ci/system-packages
	@.venv/bin/python -m pytest -n auto --dist loadfile $(ARGS)

check:  ## format, lint, strict types, import layers
	@.ci/venv dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench:  ## the promised figures, measured here; ARGS picks some
	@.ci/venv dev
	@.ci/system-packages
	@exec .venv/bin/python -m benchmarks $(ARGS)

docs:  ## docs/kpis.md from its template and the KPI packs
	@.ci/venv dev
	@.venv/bin/python -m docs.kpi_reference

# Needs uv, whose lock files fit every platform (pip's own would fit only this one). Extras stay in
# them: pip looks up the newest release of `coverage[toml]` where only `coverage` is pinned.
LOCK = $(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate --no-strip-extras --quiet
lock:  ## pin again after a change of the dependencies; LOCK_ARGS=--upgrade for newer releases
	$(LOCK) $(LOCK_ARGS) --extra build --output-file requirements.lock >/dev/null
	$(LOCK) $(LOCK_ARGS) --extra dev --output-file requirements-dev.lock >/dev/null

clean:  ## remove what can be made again; var/ with the demo's data stays
	rm -rf .venv build dist *.egg-info htmlcov .coverage .hypothesis .*_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
