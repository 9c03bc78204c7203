# Everything here needs python3 (3.11 to 3.14, with venv) and make; the first target that needs
# the environment sets it up. Paths are relative, so the folder may have any name.

PYTHON := .venv/bin/python
LOCK_OPTIONS := --universal --generate-hashes --no-header --no-emit-index-url --no-annotate \
	--python-version 3.11 --quiet

.DEFAULT_GOAL := help
.PHONY: help run test check fix schema settings release migration messages lock bench bench-overload bench-import audit sbom licences clean \
	runtime development

# Installs a lock file into .venv, unless that very content was installed there before. The
# import tells an environment whose Python is gone or was replaced from a good one.
define install
@if ! $(PYTHON) -c 'import pip' 2>/dev/null || ! cmp -s $(1) .venv/$(1); then \
	for python in python3 python3.14 python3.13 python3.12 python3.11 none; do \
		"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
			2>/dev/null && break; \
	done; \
	if [ "$$python" = none ]; then \
		echo 'Python 3.11, 3.12, 3.13 or 3.14 is needed, and none of them was found.' >&2; \
		exit 1; \
	fi; \
	echo 'Installing what $(1) lists into .venv; this happens once.'; \
	$(PYTHON) -c 'import pip' 2>/dev/null || "$$python" -m venv --clear .venv || exit 1; \
	$(PYTHON) -m pip install -qq --disable-pip-version-check --no-input \
		--require-hashes --requirement $(1) || exit 1; \
	cp $(1) .venv/$(1); \
fi
endef

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s%s\n", $$1, $$2 }' Makefile

run: runtime ## Start the server, by default with its own database and demo data
	@$(PYTHON) server.py

test: development ## Run the tests; ARGS goes to pytest, such as ARGS='-k token'
	@$(PYTHON) -m pytest $(ARGS)

check: development ## Run everything that must pass before a change is merged
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	$(PYTHON) cli.py export-schema | diff schema/schema.graphql - # else: make schema
	@$(MAKE) --no-print-directory test

fix: development ## Format the code and mend what the linter can
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

schema: development ## Print the schema into schema/schema.graphql
	$(PYTHON) cli.py export-schema --output schema/schema.graphql

graphiql: ## Build the page for analysts into static/ (needs Node.js 20 or newer, and npm)
	cd explore && npm ci --no-audit --no-fund --loglevel=error && npm run build

settings: development ## Write the page of all settings
	$(PYTHON) cli.py export-settings --output docs/operating/settings.md

release: development ## Record what this release asks and is asked, for later ones to be held to
	$(PYTHON) -m tests.released.record

migration: development ## Write the migration that the models lack
	$(PYTHON) -m tortoise makemigrations

messages: development ## Bring the catalogues of the letters' languages up to date
	$(PYTHON) -m babel.messages.frontend --quiet extract --mapping-file pyproject.toml \
		--add-location file --omit-header --output-file .venv/letters.pot mail
	for catalogue in mail/catalogues/*.po; do \
		$(PYTHON) -m babel.messages.frontend --quiet update --input-file .venv/letters.pot \
			--output-file "$$catalogue" --locale "$$(basename "$$catalogue" .po)" \
			--ignore-obsolete --no-fuzzy-matching --ignore-pot-creation-date || exit 1; \
	done

lock: ## Resolve the dependencies anew (needs uv)
	uv pip compile pyproject.toml $(LOCK_OPTIONS) --output-file requirements.lock
	uv pip compile pyproject.toml $(LOCK_OPTIONS) --extra tracing --constraints requirements.lock \
		--output-file requirements-tracing.lock
	uv pip compile pyproject.toml $(LOCK_OPTIONS) --extra tracing --group dev \
		--constraints requirements-tracing.lock --output-file requirements-dev.lock

bench: development ## Measure reads and writes of a started server
	$(PYTHON) bench/run.py

bench-overload: development ## Measure the server under twice the load that it can sustain
	$(PYTHON) bench/overload.py

bench-import: development ## Measure the import of a large client file
	$(PYTHON) bench/import_client_file.py

audit: development ## Look for known weaknesses in the dependencies (asks the network)
	@$(PYTHON) -m pip_audit --strict --requirement requirements-tracing.lock --require-hashes \
		--disable-pip || { echo 'Not all is well: a weakness is told above, or what could not be' \
		'looked up, of which nothing is known then.' >&2; exit 1; }

sbom: development ## Write what the program is made of into sbom.cdx.json, as CycloneDX
	$(PYTHON) -m cyclonedx_py requirements requirements.lock --output-format JSON \
		--output-reproducible --output-file sbom.cdx.json

licences: development ## Write the page of the dependencies' licences
	$(PYTHON) .ci/licences.py > docs/operating/licences.md

clean: ## Remove the environment and all caches; the data in .data stays
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache
	find . -name .data -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

runtime:
	$(call install,requirements.lock)

# The lock file of development holds all of the other one.
development:
	$(call install,requirements-dev.lock)
	@cp requirements.lock .venv/requirements.lock
