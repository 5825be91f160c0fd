package repofile

import (
	"regexp"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/internal/yamltree"
)

func TestWorkflow(t *testing.T) {
	for _, tt := range []struct {
		name  string
		p     Project
		has   []string
		hasNo []string
	}{
		{
			"GitHub's registry",
			Project{File: "gophersnake.toml", Image: "ghcr.io/team/x", Version: "v1.2.3"},
			[]string{
				"\n  packages: write\n", "--branch v1.2.3 ", "run: gophersnake check\n", "run: gophersnake build --locked\n        if: github.event_name == 'pull_request'\n",
				"REGISTRY_USER: ${{ github.actor }}", "REGISTRY_PASSWORD: ${{ secrets.GITHUB_TOKEN }}", `printf %s "$REGISTRY_PASSWORD" | docker login ghcr.io --`, "run: gophersnake push --locked\n",
			},
			nil,
		},
		{
			"another",
			Project{Dir: "sub dir", File: "x.toml", Image: "registry.example.com:5000/x", Version: "main"},
			[]string{"docker login registry.example.com:5000 ", "secrets.REGISTRY_USER", "secrets.REGISTRY_PASSWORD", "gophersnake push --locked -C 'sub dir' -f x.toml\n"},
			[]string{"packages", "GITHUB_TOKEN"},
		},
		{"none", Project{File: "gophersnake.toml", Version: "main"}, []string{"run: gophersnake build --locked\n"}, []string{"push --locked", "docker login", "github.event_name"}},
	} {
		got, err := tt.p.Workflow("f", []byte(firstLine+"\nold"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := yamltree.Parse("f", got); err != nil || strings.Contains(string(got), "%!") {
			t.Errorf("%s: %v\n%s", tt.name, err, got)
		}
		for _, s := range tt.has {
			if !strings.Contains(string(got), s) {
				t.Errorf("%s: no %q in\n%s", tt.name, s, got)
			}
		}
		for _, s := range tt.hasNo {
			if strings.Contains(string(got), s) {
				t.Errorf("%s: %q in\n%s", tt.name, s, got)
			}
		}
		if uses, pinned := strings.Count(string(got), "uses: "), len(regexp.MustCompile(`uses: actions/[a-z-]+@[0-9a-f]{40} # v\d`).FindAll(got, -1)); uses != pinned {
			t.Errorf("%s: %d of %d actions are pinned", tt.name, pinned, uses)
		}
	}
	_, err := project.Workflow("f", []byte("name: mine\n"))
	if err == nil || err.Error() != "f: was not written by gophersnake export github" {
		t.Errorf("another's: %v", err)
	}
}
