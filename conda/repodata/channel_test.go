package repodata

import "testing"

func TestParseChannel(t *testing.T) {
	const alias = "https://channel.example/"
	for _, tt := range []struct{ in, name, url, err string }{
		{in: "conda-forge", name: "conda-forge", url: "https://channel.example/conda-forge"},
		{in: " conda-forge/label/dev/ ", name: "conda-forge/label/dev", url: "https://channel.example/conda-forge/label/dev"},
		{in: "conda-forge/linux-64", name: "conda-forge", url: "https://channel.example/conda-forge"},
		{in: "https://a.example/x/noarch/", name: "https://a.example/x", url: "https://a.example/x"},
		{in: "https://u:p@a.example/t/secret/x", name: "https://a.example/x", url: "https://u:p@a.example/t/secret/x"},
		{in: "https://a.example", name: "https://a.example", url: "https://a.example"},
		{in: "file:///srv/x", name: "file:///srv/x", url: "file:///srv/x"},
		{in: "oci://r.example/x", name: "oci://r.example/x", url: "oci://r.example/x"},
		{in: "./channels/x/", name: "channels/x", url: "channels/x"},
		{in: "../x/linux-64", name: "../x", url: "../x"},
		{in: "/", name: "/", url: "/"},
		{in: "", err: `channel "": is empty`},
		{in: "a b", err: `channel "a b": is no name, URL or path`},
		{in: "a/../b", err: `channel "a/../b": is no name, URL or path`},
		{in: "ftp://u:p@a.example/x", err: `channel "ftp://a.example/x": has a scheme that is none of https, http, file and oci`},
		{in: "https://a.example/x?token=1", err: `channel "https://a.example/x": has a query or a fragment`},
		{in: "https://a.example:port/x", err: `channel "https://a.example:port/x": is no URL`},
	} {
		name, url, err := ParseChannel(tt.in, alias)
		if tt.err != "" {
			if err == nil || err.Error() != tt.err || class(err) != "usage" {
				t.Errorf("%q: %v, want %s", tt.in, err, tt.err)
			}
			continue
		}
		if err != nil || name != tt.name || url != tt.url {
			t.Errorf("%q: %q, %q, %v; want %q, %q", tt.in, name, url, err, tt.name, tt.url)
		}
	}
	if _, _, err := ParseChannel("x", ""); err == nil || err.Error() != `channel "x": is a name, and no alias says where channels are` {
		t.Error(err)
	}
}
