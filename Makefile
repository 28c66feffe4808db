# make report: build the review of the sample company. make test: run the tests. make bench: measure the speed.
PYTHON ?= python3
VENV ?= .venv

.PHONY: report test lint bench lock

report: $(VENV)/report
	$(VENV)/bin/crmreport build

test: $(VENV)/test
	$(VENV)/bin/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

lint: $(VENV)/test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: $(VENV)/test
	$(VENV)/bin/python -m benchmarks.pipeline --pages 24 72 --alone 240 600 --changes --json > benchmarks/pipeline.json
	$(VENV)/bin/python -m benchmarks.cube --orders 1000000 10000000 --json > benchmarks/cube.json
	$(VENV)/bin/python -m benchmarks.plot benchmarks/pipeline.json benchmarks/cube.json benchmarks/figures.svg

# The exact versions of requirements.lock; pip compiles them as it installs.
$(VENV)/report: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

$(VENV)/test: $(VENV)/report requirements-test.lock
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-test.lock
	touch $@

lock:
	uv pip compile --quiet --universal --python-version 3.11 pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 pyproject.toml --extra postgres --extra spark --extra spss --group dev -c requirements.lock -o requirements-test.lock
