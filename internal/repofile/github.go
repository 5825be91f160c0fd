package repofile

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// firstLine begins every workflow that we write.
const firstLine = "# Written by gophersnake export github, which writes it anew."

// Workflow returns a workflow of GitHub that checks the lock, builds the image,
// and pushes it from the branch main and from tags. Data is the file as it is;
// one that is not ours is refused, with the class usage.
func (p Project) Workflow(file string, data []byte) ([]byte, error) {
	if len(bytes.TrimSpace(data)) > 0 && !bytes.HasPrefix(data, []byte(firstLine)) {
		return nil, fault.New(fault.Usage, file, "was not written by gophersnake export github").
			WithHint("remove it, or write another file with -o")
	}
	flags := ""
	if p.Dir != "" {
		flags = " -C " + quote(p.Dir)
	}
	if p.File != "gophersnake.toml" {
		flags += " -f " + quote(p.File)
	}
	if p.Image == "" {
		return []byte(fmt.Sprintf(workflowHead, "", quote(p.Version)) + fmt.Sprintf(workflowBuild, flags, "")), nil
	}
	host, _, _ := strings.Cut(p.Image, "/")
	permission, user, password := "", "secrets.REGISTRY_USER", "secrets.REGISTRY_PASSWORD"
	if host == "ghcr.io" {
		permission, user, password = "\n  packages: write", "github.actor", "secrets.GITHUB_TOKEN"
	}
	return []byte(fmt.Sprintf(workflowHead, permission, quote(p.Version)) + fmt.Sprintf(workflowBuild, flags, unlessPushed) +
		fmt.Sprintf(workflowPush, quote(host), user, password, flags)), nil
}

const unlessPushed = "\n        if: github.event_name == 'pull_request'"

const workflowHead = firstLine + `
name: gophersnake
on:
  pull_request:
  push:
    branches: [main]
    tags: ["v*"]
permissions:
  contents: read%s
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          fetch-depth: 0 # tags, for {{.Version}}
          persist-credentials: false
      - uses: actions/setup-go@d35c59abb061a4a6fb18e82ac0862c26744d6ab5 # v5.5.0
        with:
          go-version: "1.26"
          cache: false
      - uses: actions/cache@5a3ec84eff668545956fd18022155c47e93e2684 # v4.2.3
        with:
          path: ~/.cache/gophersnake
          key: gophersnake-${{ hashFiles('**/gophersnake.lock') }}
          restore-keys: gophersnake-
      - name: Build gophersnake
        run: |
          git clone --quiet --depth 1 --branch %s https://github.com/gophersnake/gophersnake "$RUNNER_TEMP/gophersnake"
          go build -C "$RUNNER_TEMP/gophersnake" -o "$RUNNER_TEMP/bin/" ./cmd/gophersnake
          echo "$RUNNER_TEMP/bin" >> "$GITHUB_PATH"
`

const workflowBuild = `      - name: Check the lock
        run: gophersnake check%[1]s
      - name: Build the image
        run: gophersnake build --locked%[1]s%[2]s
`

const workflowPush = `      - name: Log in
        if: github.event_name == 'push'
        env:
          REGISTRY_USER: ${{ %[2]s }}
          REGISTRY_PASSWORD: ${{ %[3]s }}
        run: printf %%s "$REGISTRY_PASSWORD" | docker login %[1]s --username "$REGISTRY_USER" --password-stdin
      - name: Build and push the image
        if: github.event_name == 'push'
        run: gophersnake push --locked%[4]s
`
