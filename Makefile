GO ?= go
GOLANGCI_LINT_VERSION = v2.15.0
FUZZTIME ?= 10s
BIN := $(shell $(GO) env GOPATH)/bin

.PHONY: test lint tools bench fuzz tidy arm64 e2e

test:
	$(GO) test ./...

lint:
	$(GO) vet ./...
	$(BIN)/golangci-lint run ./...

tools:
	$(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)

bench:
	$(GO) test ./bench -run '^$$' -bench . -benchmem

# Each target apart: the go command fuzzes one at a time. Now and then it takes the end of the time for a failure (a lone
# "context deadline exceeded", without an input that fails), and then the target runs once more.
fuzz:
	@set -e; for m in . $$(git ls-files '*/go.mod' | xargs -n 1 dirname); do cd $(CURDIR)/$$m; for p in $$(GOWORK=off $(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
			echo "$$p $$f"; fuzz() { $(GO) test $$p -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) 2>&1; }; \
			out=$$(fuzz) || { echo "$$out"; \
				echo "$$out" | grep -q '^ *context deadline exceeded$$' && ! echo "$$out" | grep -q 'Failing input' || exit 1; out=$$(fuzz); }; \
			echo "$$out"; \
		done; \
	done; done

tidy:
	$(GO) mod tidy
	gofmt -w .

# The same bytes on another processor: the tests that compare bits, built for arm64 and run in an emulator (Debian's
# qemu-user-static).
arm64:
	@set -e; tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; for p in internal/fp scaler; do \
		GOARCH=arm64 CGO_ENABLED=0 $(GO) test -c -o "$$tmp/test" ./$$p; \
		(cd $$p && qemu-aarch64-static "$$tmp/test" -test.v \
			-test.run '^(TestSameBitsEverywhere|TestParity|TestScenarios|TestARestoredEngineContinuesWithTheSameBytes)$$' >"$$tmp/out") || { cat "$$tmp/out"; exit 1; }; \
		grep '^---' "$$tmp/out"; \
	done

# The Kubernetes adapters on a real control plane. Its programs are built the first time, which takes ten minutes on two cores.
e2e:
	cd adapters/kubernetes/e2e && GOWORK=off $(GO) vet ./... && GOWORK=off $(GO) test -timeout 35m -v ./...
