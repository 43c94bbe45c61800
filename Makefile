# Arshif's commands. `make run` and `make demo` need Python 3.11 and make; `make test` says what else.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV := $(shell command -v uv || echo .uv/bin/uv)
BIN := .venv/bin
INDEX ?= embedded
DIST ?= dist
WORKERS ?= $(shell echo $$(( $$(nproc) * 2 )))# of tests half of whose time is waiting
UNIT_WORKERS ?= $(shell echo $$(( $$(nproc) + 1 )))# of those that compute: what is loaded for tests is so by each
FLOOR := 77# percent of the lines that the unit tests run at least
export PYTHONDONTWRITEBYTECODE :=# else each process that a test starts would compile all of the source anew
XDIST := --dist loadfile --no-loadscope-reorder --numprocesses

.PHONY: help run demo test servers test-long test-interop notebook test-systems test-ray test-machines coverage soak soak-year audit lint elasticsearch elasticsearch-stop bench-extraction bench-schedule bench-rendering bench-start bench-idle bench-recrawl bench-crawl bench-layouts bench-captions bench-repeats bench-stories bench-near-duplicates bench-search bench-parts bench-export bench-libraries bench-import bench-reextract bench-store bench-scale bench-million bench-all-due wheel client lock clean

help: ## these lines
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 26

run: .venv/run.stamp ## crawl the sites of config/ on their schedule, with the search page
	@$(BIN)/arshif run

demo: $(if $(ARCHIVE),.venv/dev.stamp,.venv/run.stamp) ## the same on made-up news sites on this machine; no network (INDEX=elasticsearch ARCHIVE=postgresql: on real ones)
	@INDEX=$(INDEX) ARCHIVE=$(ARCHIVE) $(BIN)/python -m scripts.demo

# No test decides by the clock's seconds (tests/support/patience.py). To see that it holds on a busy machine:
#   stress-ng --cpu 6 & make test; kill %1
test: .venv/dev.stamp ## everything that is checked: style, types, layers, tests on both engines
	@$(MAKE) --no-print-directory -j 2 lint servers
	@$(MAKE) --no-print-directory coverage
	@$(BIN)/python -m pytest --ignore tests/unit $(XDIST) $(WORKERS)

servers: .venv/dev.stamp # of the tests: what they need once, had while one processor checks style and types
	@$(BIN)/python -m tests.support.servers

test-long: .venv/dev.stamp ## what takes many minutes: long forms of the tests
	@ARSHIF_TEST_LONG=1 $(BIN)/python -m pytest -m long -rP  # and the figures of those that pass

test-interop: .venv/dev.stamp ## other people's programs, in pinned versions, on what Arshif writes (downloads them)
	@$(BIN)/python -m pytest tests/interop -m interop

notebook: .venv/dev.stamp ## docs/history.ipynb with what it shows now (downloads Jupyter's kernel, DuckDB and matplotlib)
	@$(BIN)/python -m scripts.history_notebook

test-systems: .venv/dev.stamp ## sites that real content systems make, behind a real server, from the first crawl to the last (downloads them; docs/systems.md has what else it needs)
	@$(BIN)/python -m pytest tests/systems -m systems -rP

test-ray: .venv/dev.stamp ## an import on a Ray cluster on this machine, of which a node dies (downloads Ray)
	@$(BIN)/python -m pytest tests/ray -m ray

test-machines: .venv/dev.stamp ## four machines on one archive, all of which break at random (MINUTES=30, SEED=0; takes root, for networks and process ids of their own)
	@$(BIN)/python -m tests.machines --minutes $(or $(MINUTES),30) --seed $(or $(SEED),0)

coverage: .venv/dev.stamp ## the unit tests, and the lines that they do not run; fails below FLOOR
	@$(BIN)/python -m slipcover --json --out .coverage -m pytest tests/unit $(XDIST) $(UNIT_WORKERS)
	@$(BIN)/python -m slipcover --merge .coverage --out .coverage --fail-under $(FLOOR)

soak: .venv/dev.stamp ## random faults on the simulated sites (MINUTES=60 of each engine; ENGINES="embedded elasticsearch")
	@for engine in $(or $(ENGINES),embedded elasticsearch); do \
	    $(BIN)/python -m tests.soak --minutes $(or $(MINUTES),60) --engine $$engine || exit 1; done

soak-year: .venv/dev.stamp ## a year at speed, with its faults (RUNS=20000: hours; FOLDER=... to go on after an interruption)
	@$(BIN)/python -m tests.soak.year --runs $(or $(RUNS),20000) $(if $(FOLDER),--folder $(FOLDER))

lint: .venv/dev.stamp ## style, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

elasticsearch: .venv/run.stamp ## start a real Elasticsearch on this machine (needs a JDK 21+ and Maven; downloads 947 MB once)
	@$(BIN)/python -m tests.support.elasticsearch start

elasticsearch-stop: .venv/run.stamp ## stop it
	@$(BIN)/python -m tests.support.elasticsearch stop

bench-extraction: .venv/dev.stamp ## extraction measured on real pages (needs ../shared/pages)
	@cd ../shared/pages && PYTHONPATH=$(CURDIR) $(CURDIR)/$(BIN)/python score.py --jobs 2 \
	    --cases open/fundus open/scrapinghub open/wcxb_news open/arabic --ex bench.extraction:arshif peers:traf_prec peers:traf
	@$(BIN)/python -m bench.held_out
	@$(BIN)/python -m bench.extraction

bench-layouts: .venv/dev.stamp ## what layouts learned from a site's own pages could spare at most (needs ../shared/pages)
	@$(BIN)/python -m bench.layouts

bench-captions: .venv/dev.stamp ## captions of lead images measured on real pages (needs ../shared/pages)
	@$(BIN)/python -m bench.captions

bench-stories: .venv/dev.stamp ## near-duplicates among 100,000 articles, beside datasketch's index in memory (takes minutes)
	@$(BIN)/python -m bench.stories

bench-near-duplicates: .venv/dev.stamp ## what finding near-duplicates costs among 500,000 articles, beside 100,000 (takes minutes)
	@$(BIN)/python -m bench.near_duplicates

bench-repeats: .venv/dev.stamp ## what of each site's repeated blocks is learned, on made-up sites and real ones (needs ../shared/pages)
	@$(BIN)/python -m bench.repeats

bench-schedule: .venv/dev.stamp ## the adaptive schedule against fixed ones, 180 simulated days
	@$(BIN)/python -m bench.schedule

bench-rendering: .venv/dev.stamp ## what a page costs that a browser renders
	@$(BIN)/python -m bench.rendering

bench-start: .venv/dev.stamp ## what commands and processes take to start
	@$(BIN)/python -m bench.start

bench-idle: .venv/dev.stamp ## a crawl that finds nothing new, and a run of the daemon, against Scrapy
	@$(BIN)/python -m bench.idle

bench-recrawl: .venv/dev.stamp ## a second crawl of 5,000 unchanged pages against plain Scrapy
	@$(BIN)/python -m bench.recrawl

bench-crawl: .venv/dev.stamp ## fetch, WARC, extract, archive and index against Scrapy with trafilatura
	@$(BIN)/python -m bench.crawl

bench-search: .venv/dev.stamp ## searches of 100,000 articles, embedded against Elasticsearch, and under load (takes an hour or so)
	@$(BIN)/python -m bench.search

bench-parts: .venv/dev.stamp ## searches of an Elasticsearch index in 36 parts, against one part
	@$(BIN)/python -m bench.parts

bench-export: .venv/dev.stamp ## exports of 100,000 articles in each format, and the memory that they take (takes half an hour or so)
	@$(BIN)/python -m bench.export

bench-import: .venv/dev.stamp ## an import beside FastWARC with trafilatura, on the same WARC files (takes minutes)
	@$(BIN)/python -m bench.importing

bench-reextract: .venv/dev.stamp ## how fast stored pages are read again
	@$(BIN)/python -m bench.reextract

bench-store: .venv/dev.stamp ## what storing an article costs on PostgreSQL, beside SQLite
	@$(BIN)/python -m bench.store

bench-scale: .venv/dev.stamp ## what 20,000 sites cost beside 2,000 and 200: the schedule, pages, status, health (takes minutes)
	@$(BIN)/python -m bench.scale

bench-million: .venv/dev.stamp ## what an article costs among a million, beside 100,000 (FEW=.. MANY=.. DIR=..; takes hours)
	@$(BIN)/python -m bench.million --few $(or $(FEW),100000) --many $(or $(MANY),1000000) $(if $(DIR),--dir $(DIR))

bench-all-due: .venv/dev.stamp ## 20,000 sites that are due at once, crawled by the daemon (takes ten minutes or so)
	@$(BIN)/python -m bench.all_due

bench-libraries: .venv/dev.stamp ## libraries that were not taken, beside what is in their place
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && $(UV) pip install -q --python $(BIN)/python --no-deps --target "$$folder" \
	    convertdate==2.5.1 pymeeus==0.5.12 hijridate==2.6.0 python-multipart==0.0.34 ecs-logging==2.3.0 && \
	    PYTHONPATH="$$folder" $(BIN)/python -m bench.libraries

wheel: .venv/dev.stamp ## dist/arshif-*.whl, and beside it what it needs as an SBOM (CycloneDX), with the hashes of the lock
	@$(BIN)/python -m build --wheel --no-isolation --outdir $(DIST) .
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && $(UV) pip install -q --python $(BIN)/python --target "$$folder" \
	    --require-hashes -r requirements/sbom.lock && PYTHONPATH="$$folder" $(BIN)/python -W ignore -m cyclonedx_py requirements \
	    requirements/arshif.lock --pyproject pyproject.toml --output-reproducible -o "$$(ls -t $(DIST)/arshif-*.whl | head -1).cdx.json"

audit: .venv/dev.stamp ## what is known to be wrong with the locked packages (pip-audit; told and skipped where OSV cannot be reached)
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && $(UV) pip install -q --python $(BIN)/python --target "$$folder" \
	    --require-hashes -r requirements/audit.lock && PYTHONPATH="$$folder" $(BIN)/python -m scripts.audit

client: .venv/dev.stamp ## dist/arshif_client-*.whl, a Python client of the API, generated from its OpenAPI description
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && $(UV) pip install -q --python $(BIN)/python --target "$$folder/tools" \
	    --require-hashes -r requirements/client.lock && PATH="$$folder/tools/bin:$$PATH" PYTHONPATH="$$folder/tools" \
	    $(BIN)/python -m scripts.generate_client "$$folder/client" && \
	    $(BIN)/python -m build --wheel --no-isolation --outdir $(DIST) "$$folder/client"

lock: .uv/bin/uv ## newest versions of everything, into requirements/*.lock
	@for name in uv build sbom audit client; do $(UV) pip compile -q -U --universal --generate-hashes --no-header --python-version 3.11 \
	    requirements/$$name.in -o requirements/$$name.lock || exit 1; done
	@$(UV) pip compile -q -U --universal --generate-hashes --no-header --python-version 3.11 \
	    pyproject.toml -o requirements/arshif.lock
	@$(UV) pip compile -q -U --universal --generate-hashes --no-header --python-version 3.11 \
	    pyproject.toml --group dev -c requirements/arshif.lock -o requirements/dev.lock
	@$(UV) pip compile -q -U --universal --generate-hashes --no-header --python-version 3.11 \
	    requirements/ray.in -c requirements/dev.lock -o requirements/ray.lock
	@$(UV) pip compile -q -U --universal --generate-hashes --no-header --python-version 3.11 \
	    pyproject.toml --extra postgresql --extra s3 -c requirements/dev.lock -o requirements/image.lock

clean: ## remove the environment and what was built; data/ stays
	rm -rf .venv .uv dist .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis

.uv/bin/uv: requirements/uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Arshif needs Python 3.11 or newer; name one: make PYTHON=...")'
	@echo "Getting uv into .uv/"
	@$(PYTHON) -m venv .uv && .uv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/run.stamp: requirements/arshif.lock requirements/build.lock pyproject.toml | $(UV)
	@echo "Setting up .venv/ (about 500 MB)"
	@test -x $(BIN)/python || $(UV) venv -q --python $(PYTHON) .venv
	@$(UV) pip install -q --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/arshif.lock -r requirements/build.lock
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: requirements/dev.lock .venv/run.stamp
	@$(UV) pip install -q --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/dev.lock
	@touch $@
