package condarc

import "strings"

// Channels returns what a channel means that a user wrote: URLs, secrets
// included, or what was written where that is a URL or a path already.
//
// A name is looked up in custom_multichannels, then, with its elements cut off
// from the end, in custom_channels and among the names of the default channels
// ("pkgs/main"); else it stands below channel_alias.
func (c *Config) Channels(written string) []string {
	written = strings.TrimSpace(written)
	if !isName(written) {
		return []string{written}
	}
	list, ok := c.multi()[written]
	if !ok {
		return []string{c.named(written)}
	}
	all := make([]string, len(list))
	for i, one := range list {
		if all[i] = one; isName(one) {
			all[i] = c.below(one)
		}
	}
	return all
}

// multi returns all names that stand for several channels. Conda has the
// package archives for Windows among the defaults on Windows only; the platform
// of this machine must not change a lock.
func (c *Config) multi() map[string][]string {
	defaults := c.Defaults
	if defaults == nil {
		defaults = []string{"https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r"}
	}
	return joined(c.Multi, map[string][]string{defaultsName: defaults})
}

// named returns the URL of a name that is none of several channels.
func (c *Config) named(name string) string {
	for key := name; key != ""; key = parent(key) {
		if base, ok := c.Custom[key]; ok {
			return strings.TrimRight(base, "/") + "/" + name
		}
		for _, u := range c.multi()[defaultsName] {
			if _, rest, ok := strings.Cut(u, "://"); ok && pathOf(rest) == key {
				return strings.TrimRight(u, "/") + name[len(key):]
			}
		}
	}
	return c.below(name)
}

// below returns the URL of a name at the alias.
func (c *Config) below(name string) string {
	alias := c.Alias
	if alias == "" {
		alias = DefaultAlias
	}
	return strings.TrimRight(alias, "/") + "/" + strings.Trim(name, "/")
}

// parent cuts the last element of a name off.
func parent(name string) string {
	i := strings.LastIndexByte(name, '/')
	return name[:max(i, 0)]
}

// pathOf returns the path of a URL without its scheme, user and token.
func pathOf(rest string) string {
	_, p, _ := strings.Cut(rest, "/")
	if token, ok := strings.CutPrefix(p, "t/"); ok {
		_, p, _ = strings.Cut(token, "/")
	}
	return strings.Trim(p, "/")
}

// isName tells a name from a URL and from a path.
func isName(s string) bool {
	return !strings.Contains(s, "://") && !strings.HasPrefix(s, ".") && !strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "~")
}
