# make run    a working portal: environment, packages, database, sandbox, web server, worker
# make test   every test, on SQLite and on PostgreSQL, with a real browser
# make chaos  thousands of permits under faults and kills, held against the sandbox's own ledger
# make lint   style, types, the direction of imports, migrations, settings and translations
# make audit  known vulnerabilities of what is installed
# make bench  how fast it sends and answers, against what is wanted: ONLY=sending, WRITE=FILE,
#             PART=50 a fiftieth of the size, to see that it runs (list, load, history, import, desk)

VENV ?= .venv
BIND ?= 127.0.0.1
PORT ?= 8000
PYTHON_OF_VENV = $(VENV)/bin/python
PYTEST = $(PYTHON_OF_VENV) -m pytest --numprocesses=auto --dist=worksteal
# What the checks need of the environment, whatever a developer's .env says.
NOTHING = SECRET_KEY=the-checks-guard-nothing-with-this-key \
	HISTORY_KEY=the-checks-sign-nothing-with-this-key DATABASE_URL=sqlite://:memory: \
	QUEUE_URL= OPSCOM_URL=

# Each of the many programs that the tests start would else compile all of ours anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test pictures lint dev

run:
	@sh tools/venv.sh $(VENV) requirements.txt
	@exec $(PYTHON_OF_VENV) -m tools.run --bind=$(BIND) --port=$(PORT) --end-with-parent

test: dev
	@$(PYTHON_OF_VENV) -m tools.chromium
	@$(PYTHON_OF_VENV) -m tools.nginx
	$(PYTEST)
	TEST_DATABASE=postgres $(PYTEST) -m "database and not browser"

# How many permits each run enters, and the seeds: one run each on SQLite and on PostgreSQL.
PERMITS ?= 700
SEEDS ?= 1 2 3

.PHONY: chaos
chaos: dev
	@for seed in $(SEEDS); do \
		$(PYTHON_OF_VENV) -m tests.chaos --seed=$$seed --permits=$(PERMITS) \
			--database=sqlite --consumers=1 || exit 1; \
		$(PYTHON_OF_VENV) -m tests.chaos --seed=$$seed --permits=$(PERMITS) \
			--database=postgres --consumers=3 || exit 1; \
	done

pictures: dev
	@$(PYTHON_OF_VENV) -m tools.chromium
	$(PYTHON_OF_VENV) -m pytest -m pictures --pictures

.PHONY: bench
bench: dev
	$(PYTHON_OF_VENV) -m tools.bench $(if $(ONLY),--only=$(ONLY)) $(if $(PART),--part=$(PART)) \
		$(if $(WRITE),--write=$(WRITE))

# Known vulnerabilities of what is installed; it fails as well where it cannot look.
.PHONY: audit
audit: dev
	@sh tools/venv.sh .cache/audit requirements-audit.txt
	@$(PYTHON_OF_VENV) -m tools.audit .cache/audit/bin/python \
		$$($(PYTHON_OF_VENV) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

lint: dev
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(NOTHING) $(PYTHON_OF_VENV) manage.py makemigrations --check --dry-run
	$(NOTHING) $(PYTHON_OF_VENV) manage.py check
	$(PYTHON_OF_VENV) -m tools.translations

dev:
	@sh tools/venv.sh $(VENV) requirements-dev.txt
