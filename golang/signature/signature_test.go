package signature_test

import (
	"bytes"
	"crypto"
	"crypto/dsa" //lint:ignore SA1019 its signatures are to be refused
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/golang/signature"
)

// TestGoogle pins the embedded key: its bytes are Debian's, its fingerprints are
// the published ones.
func TestGoogle(t *testing.T) {
	data, err := os.ReadFile("google.asc")
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != "afab613bdfb8ac4c829ac18749c9d4879af8c1923ca28b70dd89d6862c8d0300" {
		t.Errorf("sha256 of google.asc is %x", sum)
	}
	key, err := signature.Google()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"3B068FB4789ABE4AEFA3BB491397BC53640DB551",
		"3E50F6D3EC278FDEB655C8CA6494C6D6997C215E",
		"2F528D36D67B69EDF998D85778BD65473CB3BD13",
		"8461EFA0E74ABAE010DE66994EB27DB2A3B88B8B",
		"A5F483CD733A4EBAEA378B2AE88979FB9B30ACF2",
		"0F06FF86BEEAF4E71866EE5232EE5355A6BC6E42",
	}
	if diff := cmp.Diff(want, key.Fingerprints()); diff != "" {
		t.Errorf("subkeys (-want +got):\n%s", diff)
	}
}

var born = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func days(n int) time.Time { return born.Add(time.Duration(n) * 24 * time.Hour) }

func at(when time.Time) *packet.Config {
	return &packet.Config{Time: func() time.Time { return when }, Algorithm: packet.PubKeyAlgoEdDSA, DefaultHash: crypto.SHA256}
}

// signer makes a primary key of 2020 with two subkeys that sign: one for 100
// days, one from day 50 on for ever.
func signer(t testing.TB) *openpgp.Entity {
	t.Helper()
	e, err := openpgp.NewEntity("releases", "", "releases@go.example", at(born))
	must(t, err)
	short := at(born)
	short.KeyLifetimeSecs = 100 * 24 * 3600
	e.Subkeys = nil
	must(t, e.AddSigningSubkey(short))
	must(t, e.AddSigningSubkey(at(days(50))))
	return e
}

// public returns the public part, as a file has it.
func public(t testing.TB, e *openpgp.Entity) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := armor.Encode(&buf, openpgp.PublicKeyType, nil)
	must(t, err)
	must(t, e.Serialize(w))
	must(t, w.Close())
	return buf.Bytes()
}

func read(t testing.TB, e *openpgp.Entity) *signature.Key {
	t.Helper()
	k, err := signature.ReadKey("k.asc", public(t, e), print(e.PrimaryKey))
	must(t, err)
	return k
}

func print(k *packet.PublicKey) string { return strings.ToUpper(hex.EncodeToString(k.Fingerprint)) }

// sign makes a detached signature by hand, so that it can be of any kind.
func sign(t testing.TB, key *packet.PrivateKey, kind packet.SignatureType, hash crypto.Hash, when time.Time, text string) []byte {
	t.Helper()
	sig := &packet.Signature{Version: 4, SigType: kind, PubKeyAlgo: key.PubKeyAlgo, Hash: hash, CreationTime: when, IssuerKeyId: &key.KeyId}
	h := hash.New()
	_, _ = io.WriteString(h, text)
	must(t, sig.Sign(h, key, plain(hash)))
	var buf bytes.Buffer
	must(t, sig.Serialize(&buf))
	return buf.Bytes()
}

// plain leaves out the salt, which there is none of for SHA-1.
func plain(hash crypto.Hash) *packet.Config {
	off := false
	return &packet.Config{DefaultHash: hash, NonDeterministicSignaturesViaNotation: &off}
}

func armored(t testing.TB, sig []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := armor.Encode(&buf, openpgp.SignatureType, nil)
	must(t, err)
	_, err = w.Write(sig)
	must(t, err)
	must(t, w.Close())
	return buf.Bytes()
}

func TestVerify(t *testing.T) {
	e := signer(t)
	other := signer(t)
	old, young := e.Subkeys[0], e.Subkeys[1]
	const text = "an archive"
	by := func(key *packet.PrivateKey, when time.Time) []byte {
		return sign(t, key, packet.SigTypeBinary, crypto.SHA512, when, text)
	}
	weak := func(h crypto.Hash) []byte { return sign(t, young.PrivateKey, packet.SigTypeBinary, h, days(60), text) }
	oldName, youngName, primary := print(old.PublicKey), print(young.PublicKey), print(e.PrimaryKey)
	const newer = "newer subkeys of that key are added with --go-signing-key FILE"
	for _, tc := range []struct {
		name       string
		sig        []byte
		by         string
		want, hint string
	}{
		{name: "a subkey", sig: by(young.PrivateKey, days(60)), by: youngName},
		{name: "armoured", sig: armored(t, by(young.PrivateKey, days(60))), by: youngName},
		{name: "the primary key", sig: by(e.PrivateKey, days(60)), by: primary},
		{name: "a subkey that has ended since", sig: by(old.PrivateKey, days(99)), by: oldName},
		{
			name: "a subkey after its end", sig: by(old.PrivateKey, days(101)),
			want: "a.tar.gz: signature by " + oldName + " of 2020-04-11: the key had ended on 2020-04-10",
		},
		{
			name: "a subkey before it was made", sig: by(young.PrivateKey, days(49)),
			want: "a.tar.gz: signature by " + youngName + " of 2020-02-19: the key was made on 2020-02-20",
		},
		{
			name: "the future", sig: by(young.PrivateKey, days(1002)),
			want: "a.tar.gz: signature by " + youngName + " of 2022-09-29: it is dated later than 2022-09-27",
		},
		{
			name: "another key", sig: by(other.Subkeys[1].PrivateKey, days(60)),
			want: "a.tar.gz: signed by the key " + print(other.Subkeys[1].PublicKey) + ", which is not one of " + primary, hint: newer,
		},
		{
			name: "another file", sig: sign(t, young.PrivateKey, packet.SigTypeBinary, crypto.SHA256, days(60), "an archivf"),
			want: "a.tar.gz: SECURITY: the signature by " + youngName + " is not of this file: invalid signature: EdDSA verification failure",
		},
		{name: "SHA-1", sig: weak(crypto.SHA1), want: "a.tar.gz: signature: by " + youngName + " is made with SHA-1, which is refused"},
		{name: "a signature of text", sig: sign(t, young.PrivateKey, packet.SigTypeText, crypto.SHA256, days(60), text), want: "a.tar.gz: signature: is not of a binary file"},
		{name: "no signature", sig: []byte("<html>"), want: "a.tar.gz: signature: is not an OpenPGP signature"},
		{name: "empty", sig: nil, want: "a.tar.gz: signature: is not an OpenPGP signature"},
		{name: "a key", sig: public(t, e), want: "a.tar.gz: signature: is not an OpenPGP signature"},
		{name: "two", sig: append(by(young.PrivateKey, days(60)), by(young.PrivateKey, days(60))...), want: "a.tar.gz: signature: is followed by something else"},
		{name: "large", sig: make([]byte, signature.MaxSignature+1), want: "a.tar.gz: signature: has more than 65536 bytes"},
		{name: "DSA", sig: dsaSignature(t, text), want: "a.tar.gz: signature: by DSAKEY is made with DSA, which is refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := strings.NewReader(text)
			got, err := read(t, e).Verify(r, tc.sig, "a.tar.gz", days(1000))
			if got != tc.by || (err == nil) != (tc.want == "") {
				t.Fatalf("by %q, %v; want %q", got, err, tc.by)
			}
			if r.Len() > 0 {
				t.Errorf("%d bytes were not read", r.Len())
			}
			if err != nil {
				wantError(t, err, "verification", tc.want, tc.hint)
			}
		})
	}
}

// TestRevoked checks revoked keys, and a subkey that is bound by SHA-1.
func TestRevoked(t *testing.T) {
	const text = "an archive"
	check := func(e *openpgp.Entity, when time.Time, want string) {
		t.Helper()
		sub := e.Subkeys[1]
		sig := sign(t, sub.PrivateKey, packet.SigTypeBinary, crypto.SHA256, when, text)
		_, err := read(t, e).Verify(strings.NewReader(text), sig, "a", time.Time{})
		switch name := print(sub.PublicKey); {
		case want != "":
			wantError(t, err, "verification", "a: signature by "+name+" of "+when.Format(time.DateOnly)+": "+want, "")
		case err != nil:
			t.Error(err)
		}
	}
	e := signer(t)
	must(t, e.RevokeSubkey(&e.Subkeys[1], packet.KeySuperseded, "", at(days(80))))
	check(e, days(60), "")
	check(e, days(81), "the key is revoked")
	e = signer(t)
	must(t, e.RevokeSubkey(&e.Subkeys[1], packet.KeyCompromised, "", at(days(80))))
	check(e, days(60), "the key is revoked")
	e = signer(t)
	must(t, e.RevokeKey(packet.KeyCompromised, "", at(days(80))))
	check(e, days(60), "the primary key is revoked")

	e = signer(t)
	b := e.Subkeys[1].Sig
	b.Hash = crypto.SHA1
	must(t, b.SignKey(e.Subkeys[1].PublicKey, e.PrivateKey, plain(crypto.SHA1)))
	check(e, days(60), "the key is bound by SHA-1, which is refused")
}

func TestReadKey(t *testing.T) {
	a, b := signer(t), signer(t)
	both := append(binary(t, a), binary(t, b)...)
	if _, err := signature.ReadKey("k", both, print(b.PrimaryKey)); err != nil {
		t.Error(err)
	}
	for _, tc := range []struct {
		name       string
		data       []byte
		want, hint string
	}{
		{
			"another", public(t, a), "k: has the primary key " + print(a.PrimaryKey) + ", not " + signature.Primary,
			"releases are signed by " + signature.Primary + " alone; newer subkeys of it may be added",
		},
		{"empty", nil, "k: no OpenPGP public key", ""},
		{"no key", []byte("-----BEGIN x"), "k: no OpenPGP public key: invalid argument: no armored data found", ""},
	} {
		_, err := signature.ReadKey("k", tc.data, signature.Primary)
		wantError(t, err, "usage", tc.want, tc.hint)
	}
}

func binary(t testing.TB, e *openpgp.Entity) []byte {
	t.Helper()
	var buf bytes.Buffer
	must(t, e.Serialize(&buf))
	return buf.Bytes()
}

func dsaKey(t testing.TB) *packet.PrivateKey {
	t.Helper()
	k := &dsa.PrivateKey{}
	must(t, dsa.GenerateParameters(&k.Parameters, rand.Reader, dsa.L1024N160))
	must(t, dsa.GenerateKey(k, rand.Reader))
	return packet.NewDSAPrivateKey(born, k)
}

// dsaSignature is of a key of the kind of 2007, which the message names.
func dsaSignature(t testing.TB, text string) []byte {
	t.Helper()
	return sign(t, dsaKey(t), packet.SigTypeBinary, crypto.SHA256, days(60), text)
}

func wantError(t *testing.T, err error, class, text, hint string) {
	t.Helper()
	var e *signature.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want %s", err, text)
	}
	got := e.Error()
	if i := strings.Index(got, "by "); strings.Contains(text, "DSAKEY") && i >= 0 {
		got = got[:i+3] + "DSAKEY" + got[i+3+40:]
	}
	if got != text || e.Class() != class || e.Hint() != hint {
		t.Errorf("%s error %q, hint %q\nwant %s %q, hint %q", e.Class(), got, e.Hint(), class, text, hint)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func FuzzVerify(f *testing.F) {
	e := signer(f)
	const text = "an archive"
	good := sign(f, e.Subkeys[1].PrivateKey, packet.SigTypeBinary, crypto.SHA256, days(60), text)
	f.Add(good)
	f.Add(armored(f, good))
	f.Add([]byte("-----BEGIN PGP SIGNATURE-----\n"))
	key := read(f, e)
	f.Fuzz(func(t *testing.T, sig []byte) {
		by, err := key.Verify(strings.NewReader(text), sig, "a", time.Time{})
		if err == nil && !slices.Contains(key.Fingerprints(), by) {
			t.Errorf("signed by %q", by)
		}
	})
}
