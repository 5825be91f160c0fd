package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gophersnake/gophersnake/lock"
)

// goRow is a row of the support matrix: which Go is there for which platform, of
// all environments together.
type goRow struct {
	Version    string   `json:"version"`
	Platform   string   `json:"platform"`
	Source     string   `json:"source"`               // where it comes from, or would
	Use        []string `json:"use"`                  // "image", "compile"
	Verified   string   `json:"verified"`             // by what; "" where it is not available
	Hash       string   `json:"hash,omitempty"`       // "h1:…" or "sha256:…"
	SignedBy   string   `json:"signedBy,omitempty"`   // fingerprint
	Size       int64    `json:"size,omitempty"`       // bytes of what is fetched, where that is known
	PassedOver []string `json:"passedOver,omitempty"` // "SOURCE: why"
}

// matrix returns the toolchains of a lock in its order, which is by version and
// platform.
func matrix(l *lock.Lock) []goRow {
	var rows []goRow
	type place struct{ version, platform, source string }
	known := map[place]lock.Toolchain{} // the row that says most
	var order []place
	for _, t := range l.Go {
		at := place{t.Version, t.Platform.String(), t.Source}
		have, ok := known[at]
		if !ok {
			order = append(order, at)
		}
		if !ok || t.Image && !have.Image {
			have, t = t, have
		}
		have.Image, have.Host = have.Image || t.Image, have.Host || t.Host
		known[at] = have
	}
	for _, at := range order {
		t := known[at]
		row := goRow{
			Version: at.version, Platform: at.platform, Source: at.source, Verified: verified(t),
			Hash: t.Hash(), SignedBy: t.SignedBy, Size: t.Size, PassedOver: t.PassedOver,
		}
		if t.Image {
			row.Use = append(row.Use, "image")
		}
		if t.Host {
			row.Use = append(row.Use, "compile")
		}
		rows = append(rows, row)
	}
	return rows
}

// verified says what speaks for the bytes of a toolchain.
func verified(t lock.Toolchain) string {
	switch {
	case t.Hash() == "":
		return ""
	case t.Source == lock.SourceConda:
		return "the channel's repodata"
	case t.Source == lock.SourceModule && t.Image:
		return "checksum database, zip fetched"
	case t.Source == lock.SourceModule:
		return "checksum database"
	case t.SignedBy != "":
		return "download index, signed by " + t.SignedBy
	}
	return "download index, signature when it is used"
}

// toolchains prints the matrix as a table.
func (p *progress) toolchains(l *lock.Lock) {
	rows := matrix(l)
	if len(rows) == 0 {
		return
	}
	lines := [][]string{{"go", "platform", "source", "use", "verified by"}}
	for _, r := range rows {
		how := r.Verified
		if how == "" {
			how = "not available"
		}
		lines = append(lines, []string{r.Version, r.Platform, r.Source, strings.Join(r.Use, ", "), how})
		for _, why := range r.PassedOver {
			lines = append(lines, []string{"", "", "", "", "  not as " + why})
		}
	}
	for _, text := range table(lines) {
		p.note(text)
	}
}

// lockResult prints what lock has to say on standard output.
func (a *app) lockResult(l *lock.Lock) error {
	if !a.json {
		_, err := fmt.Fprintf(a.stdout, "%s\n", l.Digest())
		return err
	}
	return json.NewEncoder(a.stdout).Encode(struct {
		Digest string  `json:"digest"`
		Go     []goRow `json:"go,omitempty"`
	}{l.Digest(), matrix(l)})
}

// table aligns columns but the last.
func table(lines [][]string) []string {
	texts := make([]string, len(lines))
	for i := range lines[0] {
		width := 0
		for _, line := range lines {
			width = max(width, len(line[i]))
		}
		for n, line := range lines {
			if texts[n] += line[i]; i < len(line)-1 {
				texts[n] += strings.Repeat(" ", width-len(line[i])+2)
			}
		}
	}
	return texts
}
