package debian

import (
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

// certificate makes a root certificate.
func certificate(t *testing.T, name pkix.Name) string {
	t.Helper()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	template := &x509.Certificate{Subject: name, SerialNumber: big.NewInt(1), NotAfter: time.Unix(1<<31, 0), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// TestRules shows what the rules make of packages' data. The hashes are those
// of "openssl x509 -subject_hash".
func TestRules(t *testing.T) {
	one := certificate(t, pkix.Name{Country: []string{"XX"}, Organization: []string{"Test  Archive"}, CommonName: "Test Root CA"})
	two := strings.TrimSuffix(certificate(t, pkix.Name{CommonName: "Tést Root"}), "\n")
	var metas []*Meta
	add := func(name string, area control, files ...file) {
		m, _ := build(t, "Package: "+name+"\nVersion: 1\n", area, files...)
		metas = append(metas, m)
	}
	add("ca-certificates", nil,
		file{path: "usr/share/ca-certificates/x/One_(a),b.crt", content: one},
		file{path: "usr/share/ca-certificates/x/again.crt", content: one},
		file{path: "usr/share/ca-certificates/x/two.crt", content: two})
	add("libpam-runtime", nil,
		file{path: "usr/share/pam/common-auth", content: "# auth\n$auth_primary\nauth requisite pam_deny.so\n$auth_additional\n"},
		file{path: "usr/share/pam/common-session", content: "$session_primary\n$session_additional\n"},
		file{path: "usr/share/pam-configs/unix", content: "Name: unix\nDefault: yes\nPriority: 256\nAuth-Type: Primary\nAuth:\n\t[success=end default=ignore]\tpam_unix.so again\n" +
			"Auth-Initial:\n\t[success=end default=ignore]\tpam_unix.so nullok\nSession-Type: Additional\nSession:\n\trequired\tpam_unix.so\n"},
		file{path: "usr/share/pam-configs/more", content: "Name: more\nDefault: yes\nPriority: 10\nAuth-Type: Primary\nAuth:\n\t[success=end default=ignore]\tpam_more.so try\n"},
		file{path: "usr/share/pam-configs/off", content: "Name: off\nDefault: no\nAuth-Type: Primary\nAuth:\n\trequired\tpam_off.so\n"})
	add("libpam-modules", nil)
	add("libc-bin", nil, file{path: "usr/share/libc-bin/nsswitch.conf", content: "passwd: files\n"})
	add("libc6", nil)
	add("login", control{"postinst": "touch /var/log/faillog\n"})
	add("tzdata", control{"postinst": "echo $TIMEZONE > /etc/timezone\n"})
	add("dash", control{"postinst": "\nclaim_binsh /bin/sh dash\n"}, file{path: "bin/dash", mode: 0o755, content: "d"})
	add("apt", nil)
	r, err := Assemble(metas)
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]string{}
	for _, m := range r.Made {
		made[m.Header.Path] = m.Header.Target + string(m.Content)
	}
	for path, want := range map[string]string{
		"etc/ca-certificates.conf":          "x/One_(a),b.crt\nx/again.crt\nx/two.crt\n",
		"etc/ssl/certs/ca-certificates.crt": one + one + two + "\n",
		"etc/ssl/certs/One_=a=_b.pem":       "/usr/share/ca-certificates/x/One_(a),b.crt",
		"etc/ssl/certs/c7d8d837.0":          "One_=a=_b.pem",
		"etc/ssl/certs/c7d8d837.1":          "again.pem",
		"etc/ssl/certs/3148a12f.0":          "two.pem",
		"etc/pam.d/common-auth":             "# auth\nauth\t[success=2 default=ignore]\tpam_unix.so nullok\nauth\t[success=1 default=ignore]\tpam_more.so try\nauth requisite pam_deny.so\n",
		"etc/pam.d/common-session":          "session\t[default=1]\t\t\tpam_permit.so\nsession\trequired\tpam_unix.so \n",
		"etc/environment":                   "",
		"etc/security/opasswd":              "",
		"etc/nsswitch.conf":                 "passwd: files\n",
		"etc/localtime":                     "/usr/share/zoneinfo/Etc/UTC",
		"etc/timezone":                      "Etc/UTC\n",
		"var/log/faillog":                   "",
		"usr/bin/sh":                        "dash",
		"var/lib/dpkg/diversions":           "/bin/sh\n/bin/sh.distrib\ndash\n",
		"var/lib/dpkg/cmethopt":             "apt apt\n",
		"var/lib/dpkg/info/libc6.list":      "/.\n",
		"var/lib/dpkg/triggers/Unincorp":    "",
	} {
		if got, there := made[path]; !there || got != want {
			t.Errorf("%s is %q (%v), want %q", path, got, there, want)
		}
	}
	if r.Facts.Libc != "glibc 1" || !r.Facts.Sh {
		t.Errorf("facts: %+v", r.Facts)
	}
}

// TestRulesSinceTrixie shows what newer packages do otherwise.
func TestRulesSinceTrixie(t *testing.T) {
	dash, _ := build(t, "Package: dash\nVersion: 1\n", control{"postinst": "\ndrop_obsolete_diversion /bin/sh dash\nclaim_binsh /bin/sh dash\n"}, file{path: "usr/bin/sh -> dash"})
	tzdata, _ := build(t, "Package: tzdata\nVersion: 1\n", control{"postinst": "if test -f \"$DPKG_ROOT/etc/timezone\"; then\n"})
	r, err := Assemble([]*Meta{dash, tzdata})
	if err != nil {
		t.Fatal(err)
	}
	if content(r, "etc/timezone") != nil || len(content(r, "var/lib/dpkg/diversions")) > 0 {
		t.Error("there is a time zone's name, or a diversion")
	}
}

// TestBadCertificate shows that what is no certificate is told.
func TestBadCertificate(t *testing.T) {
	m, _ := build(t, "Package: ca-certificates\nVersion: 1\n", nil, file{path: "usr/share/ca-certificates/x.crt", content: "none"})
	if _, err := Assemble([]*Meta{m}); err == nil || err.Error() != `package ca-certificates: "usr/share/ca-certificates/x.crt": no PEM block` {
		t.Errorf("got %v", err)
	}
}
