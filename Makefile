GO ?= go
GOLANGCI_LINT_VERSION = v2.15.0
FUZZTIME ?= 10s
BIN := $(shell $(GO) env GOPATH)/bin

.PHONY: test lint tools bench fuzz tidy

test:
	$(GO) test ./...

lint:
	$(GO) vet ./...
	$(BIN)/golangci-lint run ./...

tools:
	$(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)

bench:
	$(GO) test ./bench -run '^$$' -bench . -benchmem

# Each target apart: the go command fuzzes one at a time.
fuzz:
	@set -e; for p in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
			echo "$$p $$f"; $(GO) test $$p -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME); \
		done; \
	done

tidy:
	$(GO) mod tidy
	gofmt -w .
