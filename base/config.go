package base

import (
	"context"
	"fmt"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// config is the part of an image's config that is needed (OCI image
// specification 1.1, "Image Configuration").
type config struct {
	platform
	raw     []byte
	env     []string
	user    string
	diffIDs []string
}

const configName = "config"

func (s *Source) readConfig(ctx context.Context, o origin, m *manifest) (*config, error) {
	doc, err := s.readDocument(ctx, o, m.config, s.Limits.withDefaults().Config, configName)
	if err != nil {
		return nil, err
	}
	c, err := parseConfig(doc.raw)
	if err != nil {
		return nil, fault.New(fault.Verification, doc.where, "config is %v", err)
	}
	if len(c.diffIDs) != len(m.layers) {
		return nil, fault.New(fault.Verification, doc.where, "config has %d diff_ids, its manifest %d layers", len(c.diffIDs), len(m.layers))
	}
	for i, id := range c.diffIDs {
		if err := checkDigest(doc.where, fmt.Sprintf("diff_id %d", i+1), id); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func parseConfig(raw []byte) (*config, error) {
	var w struct {
		platform
		Config struct {
			Env  []string
			User string
		} `json:"config"`
		RootFS struct {
			Type    string   `json:"type"`
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	if err := decodeJSON(raw, &w); err != nil {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	if w.RootFS.Type != "" && w.RootFS.Type != "layers" {
		return nil, fmt.Errorf("of rootfs type %q, not \"layers\"", w.RootFS.Type)
	}
	return &config{platform: w.platform, raw: raw, env: w.Config.Env, user: w.Config.User, diffIDs: w.RootFS.DiffIDs}, nil
}
