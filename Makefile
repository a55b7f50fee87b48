# SPDX-License-Identifier: Apache-2.0

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

LOCAL := go run ./cluster/cmd/hourglass-local
PACKAGES := go run ./cluster/cmd/hourglass-packages
GENERATED := apis package/provider/crds package/configuration/definitions fn/input fn/package
PURE := ./internal/hardware ./internal/inventory ./internal/placement ./internal/workload
UNITS := $$(go list ./... | grep -v /cluster/test/)

.PHONY: help
help: ## Say what there is to do.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Start the local control plane and show the provider at work. The first time builds Kubernetes, which takes minutes.
	@$(LOCAL) demo

.PHONY: up
up: ## Start the local control plane and the provider, or what is missing of them.
	@$(LOCAL) up

.PHONY: down
down: ## End what up and demo have started and remove what they have written.
	@$(LOCAL) down

.PHONY: images
images: ## Build the images of the provider and the function into _output/images, without a container engine; VERSION=v0.1.0 and ARCH=amd64 say which.
	@$(PACKAGES) images $(if $(VERSION),--version '$(VERSION)') $(if $(ARCH),--arch '$(ARCH)')

.PHONY: xpkg
xpkg: ## Build Crossplane's packages: make xpkg VERSION=v0.1.0 REGISTRY=registry.example.org/hourglass; PUSH=1 pushes them. The first time builds Crossplane's CLI.
	@$(PACKAGES) build --version '$(VERSION)' --registry '$(REGISTRY)' $(if $(ARCH),--arch '$(ARCH)') $(if $(PUSH),--push)

.PHONY: test
test: check-generate lint unit observability integration render e2e e2e-stack e2e-fleet e2e-node ## Run every check there is.
	@echo "all checks passed that could run; what was skipped says so above"

.PHONY: generate
generate: ## Generate code and CRDs from the API types.
	go generate ./apis/... ./fn/... ./package/...

.PHONY: check-generate
check-generate: ## Fail where generated files are not what the API types say.
	@echo "checking generated files"
	@before=$$(find $(GENERATED) -type f | sort | xargs sha256sum); \
	go generate ./apis/... ./fn/... ./package/...; \
	after=$$(find $(GENERATED) -type f | sort | xargs sha256sum); \
	diff <(echo "$$before") <(echo "$$after") || { echo "generated files were out of date: they are up to date now, commit them"; exit 1; }

.PHONY: lint
lint: ## Run go vet and golangci-lint. The first time builds the linter, which takes a minute or two.
	@echo "linting"
	@go vet ./...
	@go tool -modfile=cluster/tools/golangci-lint/go.mod golangci-lint run
	@cd cluster/observability && go vet ./... && go tool -modfile=../tools/golangci-lint/go.mod golangci-lint run

.PHONY: unit
unit: gcc ## Run the unit tests with the race detector and check the coverage of the pure packages.
	@go test -race -timeout 20m $(UNITS)
	@go test -cover -timeout 20m $(PURE) | awk '{ match($$0, /[0-9.]+%/); c = substr($$0, RSTART, RLENGTH - 1) + 0; print $$2, c "%"; if (c < 90) low = 1 } END { if (low) { print "a pure package has less than 90% of its statements covered: add tests"; exit 1 } }'

.PHONY: observability
observability: ## Check the alerts and the dashboard of docs/observability with Prometheus' own engine; UPDATE=1 draws the dashboard anew.
	@cd cluster/observability && go test -count=1 ./... $(if $(UPDATE),-update)

.PHONY: integration
integration: ## Test the kinds' validation, the placement and a start without kinds on a real API server and scheduler, and the packages in a registry.
	@go test -count=1 -timeout 30m ./cluster/test/api/... ./cluster/test/manifest/... ./cluster/test/packages/... ./cluster/test/safestart/... ./cluster/test/scheduler/...

.PHONY: render
render: ## Render the composition function's examples and compare; UPDATE=1 writes the expected files. The first time builds Crossplane.
	@go test -count=1 -timeout 40m -v ./cluster/test/render/... $(if $(UPDATE),-update) | grep -v --line-buffered -e '^=== '

.PHONY: e2e
e2e: ## Test the provider as a process against a real control plane with simulated nodes.
	@go test -count=1 -timeout 40m -parallel 16 -v ./cluster/test/e2e/... | grep -v --line-buffered -e '^=== ' -e '^{'

.PHONY: e2e-stack
e2e-stack: ## Test the packages as Crossplane installs, upgrades and removes them, with claims and composite resources.
	@go test -count=1 -timeout 40m -v ./cluster/test/stack/... | grep -v --line-buffered -e '^=== '

.PHONY: e2e-fleet
e2e-fleet: ## Test one provider with several target clusters: what they have, how they are chosen, how they are lost.
	@go test -count=1 -timeout 40m -v ./cluster/test/fleet/... | grep -v --line-buffered -e '^=== '

.PHONY: e2e-node
e2e-node: node-programs ## Test the provider with a real node, whose containers run, as root on Linux; elsewhere it says what is missing. The first time builds the node.
	@go test -count=1 -parallel 8 -timeout 60m -v ./cluster/test/node/... | awk '/^skipped: / { print; skipped = 1 } !skipped && !/^=== / { print; fflush() }'

.PHONY: bench
bench: ## Measure how fast workloads are placed and how much the function adds to a call.
	@# The function lets as much garbage grow while it serves.
	@GOGC=400 go test -run '^$$' -bench . -benchmem ./internal/placement ./fn

# The race detector needs a C compiler.
.PHONY: gcc
gcc:
	@command -v gcc >/dev/null || { echo "installing gcc for the race detector"; apt-get update -qq && apt-get install -y -qq gcc libc6-dev >/dev/null; } \
	|| { echo "cannot install gcc: install a C compiler and try again"; exit 1; }

# What a real node needs beside what Go builds. Where it cannot be installed, e2e-node says what is missing.
.PHONY: node-programs
node-programs:
	@for program in runc iptables ip; do \
	command -v $$program >/dev/null && continue; \
	[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null || break; \
	echo "installing runc, iptables and iproute2 for the real node"; \
	apt-get update -qq && apt-get install -y -qq --no-install-recommends runc iptables iproute2 >/dev/null || true; break; \
	done
