# make report: build the review of the sample company. make test: run the tests.
PYTHON ?= python3
VENV ?= .venv

.PHONY: report test lint lock

report: $(VENV)/report
	$(VENV)/bin/crmreport build

test: $(VENV)/test
	$(VENV)/bin/python -m pytest

lint: $(VENV)/test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

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
