# The commands that CI runs, by name. Nothing needs make.
TOOL = go tool -modfile=tools/go.mod

all: lint test

test:
	go vet ./...
	go test ./...

race:
	go test -race ./...

lint:
	$(TOOL) golangci-lint run ./...

fmt:
	$(TOOL) gofumpt -w .

.PHONY: all test race lint fmt
