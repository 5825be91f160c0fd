package debian

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

var made = time.Date(2026, 7, 11, 10, 0, 0, 0, time.UTC)

// key returns a key that is valid for a year.
func key(t testing.TB) (*openpgp.Entity, Keys) {
	t.Helper()
	e, err := openpgp.NewEntity("archive", "", "archive@channel.example", &packet.Config{
		Time: func() time.Time { return made }, KeyLifetimeSecs: 365 * 24 * 3600, Algorithm: packet.PubKeyAlgoEdDSA,
	})
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	w, err := armor.Encode(&buf, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Serialize(w); err != nil {
		t.Fatal(err)
	}
	w.Close()
	keys, err := ReadKeys(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return e, keys
}

func sign(t testing.TB, e *openpgp.Entity, text string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := clearsign.Encode(&buf, e.PrivateKey, &packet.Config{Time: func() time.Time { return made }})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

const release = `Origin: Debian
Suite: stable
Codename: bookworm
Version: 12.15
Date: Sat, 11 Jul 2026 10:16:37 UTC
Valid-Until: Sat, 18 Jul 2026 10:16:37 UTC
Acquire-By-Hash: yes
SHA256:
 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 12 main/binary-amd64/Packages.gz
 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb 10 main/binary-amd64/Packages.xz
`

func TestVerify(t *testing.T) {
	e, keys := key(t)
	r, err := Verify(sign(t, e, release), "InRelease", keys, made.Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	f, ok := r.Packages("main", "amd64")
	if r.Codename != "bookworm" || !ok || f.Size != 12 || r.URL(f) != "main/binary-amd64/by-hash/SHA256/"+strings.Repeat("a", 64) {
		t.Errorf("%+v, %+v", r, f)
	}
	if want := fmt.Sprintf("%X", e.PrimaryKey.Fingerprint); r.Signer != want {
		t.Errorf("signed by %s, want %s", r.Signer, want)
	}
	if _, ok := r.Packages("main", "arm64"); ok {
		t.Error("there is an index for arm64")
	}
}

func TestVerifyErrors(t *testing.T) {
	e, keys := key(t)
	_, other := key(t)
	good := sign(t, e, release)
	day := made.Add(24 * time.Hour)
	tampered := bytes.Replace(good, []byte("12 main"), []byte("13 main"), 1)
	for _, tt := range []struct {
		name string
		data []byte
		keys Keys
		at   time.Time
		want string
	}{
		{"other key", good, other, day, "f: signature: openpgp: signature made by unknown entity"},
		{"tampered", tampered, keys, day, "f: signature: openpgp: invalid signature: EdDSA verification failure"},
		{"plain", []byte(release), keys, day, "f: is no signed text"},
		{"text before", append([]byte("Suite: evil\n"), good...), keys, day, "f: holds text that is not signed"},
		{"text after", append(bytes.Clone(good), "Suite: evil\n"...), keys, day, "f: holds text that is not signed"},
		{"expired", good, keys, made.Add(30 * 24 * time.Hour), "f: was valid until 2026-07-18T10:16:37Z"},
		{"key expired", good, keys, made.Add(400 * 24 * time.Hour), "f: signature: openpgp: key expired"},
		{"not yet", sign(t, e, strings.Replace(release, "Sat, 11 Jul", "Wed, 15 Jul", 1)), keys, day, "f: is dated 2026-07-15T10:16:37Z, which is later than 2026-07-12T10:00:00Z"},
		{"bad line", sign(t, e, release+" zz 1 x\n"), keys, day, `f: SHA256 line "zz 1 x" is not hash, size and path`},
		{"path", sign(t, e, strings.Replace(release, "main/binary-amd64/Packages.xz", "../x", 1)), keys, day, `f: SHA256 line "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb 10 ../x" is not hash, size and path`},
	} {
		if _, err := Verify(tt.data, "f", tt.keys, tt.at); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}
