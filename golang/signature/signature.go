// Package signature checks the detached OpenPGP signatures of Go's releases.
//
// # The key
//
// Releases are signed by Google's Linux packages key, whose primary key has the
// fingerprint [Primary]. The copy here is that of Debian's package
// extrepo-offline-data 1.0.3+deb12u1 (offline-data/debian/bookworm/google_chrome.asc,
// sha256 afab613bdfb8ac4c829ac18749c9d4879af8c1923ca28b70dd89d6862c8d0300, taken on
// 2026-11-22), which the key's owner did not hand to us. It has six subkeys; the
// last one ends on 2027-01-29. A newer copy with more subkeys is read by
// [ReadKey], which takes it only if its primary key is the same one.
//
// # What is accepted
//
//   - A signature by the primary key or by any subkey that the primary key binds
//     with a signature of SHA-2. Back-signatures of subkeys (RFC 9580, section
//     5.2.1.10) may be of SHA-1, as those of 2016 and 2017 are: they keep a stranger
//     from adopting a subkey, and there is one primary key here.
//   - The keys are judged at the time of the signature: a subkey that has ended
//     since is fine, one that had ended then is not. Who holds an ended subkey can
//     write any date into a signature, so a signature is never enough alone: the
//     caller has the file's SHA-256 from elsewhere, too.
//   - The hash of a signature is SHA-256, SHA-384 or SHA-512. SHA-1 and MD5 are
//     refused, and so are DSA keys, that of 2007
//     (4CCA1EAF950CEE4AB83976DCA040830F7FAC5991) above all.
//   - There is exactly one signature, over binary data, not later than the clock.
package signature

import (
	"bytes"
	"crypto"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Primary is the fingerprint of the primary key that signs Go's releases.
const Primary = "EB4C1BFD4F042F6DDDCCEC917721F63BD38B4796"

//go:embed google.asc
var google []byte

// MaxSignature is the most bytes of a signature that is read.
const MaxSignature = 64 << 10

// maxSkew is how far a signature may be ahead of the clock.
const maxSkew = 24 * time.Hour

// Key is a primary key with its subkeys.
type Key struct{ entity *openpgp.Entity }

// Google returns the embedded key.
func Google() (*Key, error) { return ReadKey("the embedded key", google, Primary) }

// ReadKey reads a public key, armoured or not, whose primary key has this
// fingerprint (upper-case hex). Other keys of the same file count for nothing.
// Errors are of class "usage" and name the file.
func ReadKey(file string, data []byte, primary string) (*Key, error) {
	read := openpgp.ReadKeyRing
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("-----BEGIN")) {
		read = openpgp.ReadArmoredKeyRing
	}
	list, err := read(bytes.NewReader(data))
	if err != nil {
		return nil, newError("usage", file, "no OpenPGP public key: %w", bare(err))
	}
	if len(list) == 0 {
		return nil, newError("usage", file, "no OpenPGP public key")
	}
	var seen []string
	for _, e := range list {
		if fingerprint(e.PrimaryKey) == primary {
			return &Key{e}, nil
		}
		seen = append(seen, fingerprint(e.PrimaryKey))
	}
	return nil, newError("usage", file, "has the primary key %s, not %s", strings.Join(seen, ", "), primary).
		advise("releases are signed by %s alone; newer subkeys of it may be added", primary)
}

// Fingerprints returns the fingerprints of the subkeys, in the key's order.
func (k *Key) Fingerprints() []string {
	var all []string
	for _, s := range k.entity.Subkeys {
		all = append(all, fingerprint(s.PublicKey))
	}
	return all
}

// Verify checks the detached signature of a file, armoured or not, and returns
// the fingerprint of the key that made it. where names the file in errors, which
// are of class "verification". A zero now leaves out the look at the clock. The
// file is read to its end, also where the signature is refused.
func (k *Key) Verify(file io.Reader, signature []byte, where string, now time.Time) (by string, err error) {
	sig, err := parse(signature)
	if err != nil {
		_, _ = io.Copy(io.Discard, file) // the file's hash is made by its reader
		return "", newError("verification", where, "signature: %w", err)
	}
	h := sig.Hash.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", newError("disk", where, "%w", err)
	}
	key := k.find(sig)
	if key == nil {
		return "", newError("verification", where, "signed by the key %s, which is not one of %s", issuer(sig), fingerprint(k.entity.PrimaryKey)).
			advise("newer subkeys of that key are added with --go-signing-key FILE")
	}
	by = fingerprint(key.PublicKey)
	if err := key.PublicKey.VerifySignature(h, sig); err != nil {
		return "", newError("verification", where, "SECURITY: the signature by %s is not of this file: %w", by, bare(err))
	}
	if problem := k.judge(key, sig, now); problem != "" {
		return "", newError("verification", where, "signature by %s of %s: %s", by, day(sig.CreationTime), problem)
	}
	return by, nil
}

// parse reads one signature of a kind that is accepted.
func parse(data []byte) (*packet.Signature, error) {
	if len(data) > MaxSignature {
		return nil, fmt.Errorf("has more than %d bytes", MaxSignature)
	}
	var r io.Reader = bytes.NewReader(data)
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("-----BEGIN")) {
		block, err := armor.Decode(r)
		if err != nil || block.Type != openpgp.SignatureType {
			return nil, errors.Join(errors.New("is not an OpenPGP signature"), err)
		}
		r = block.Body
	}
	packets := packet.NewReader(r)
	p, err := packets.Next()
	sig, ok := p.(*packet.Signature)
	if err != nil || !ok {
		return nil, errors.New("is not an OpenPGP signature")
	}
	if _, err := packets.Next(); !errors.Is(err, io.EOF) {
		return nil, errors.New("is followed by something else")
	}
	switch {
	case sig.SigType != packet.SigTypeBinary:
		return nil, errors.New("is not of a binary file")
	case !strong(sig.Hash):
		return nil, fmt.Errorf("by %s is made with %s, which is refused", issuer(sig), sig.Hash)
	case sig.PubKeyAlgo == packet.PubKeyAlgoDSA:
		return nil, fmt.Errorf("by %s is made with DSA, which is refused", issuer(sig))
	}
	return sig, nil
}

func strong(h crypto.Hash) bool {
	return slices.Contains([]crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512}, h)
}

// signer is the primary key or a subkey.
type signer struct {
	*packet.PublicKey
	sub *openpgp.Subkey // nil: the primary key
}

// find returns the key that a signature names.
func (k *Key) find(sig *packet.Signature) *signer {
	named := func(p *packet.PublicKey) bool {
		if sig.IssuerFingerprint != nil {
			return bytes.Equal(sig.IssuerFingerprint, p.Fingerprint)
		}
		return sig.IssuerKeyId != nil && *sig.IssuerKeyId == p.KeyId
	}
	if named(k.entity.PrimaryKey) {
		return &signer{PublicKey: k.entity.PrimaryKey}
	}
	for i := range k.entity.Subkeys {
		if s := &k.entity.Subkeys[i]; named(s.PublicKey) {
			return &signer{s.PublicKey, s}
		}
	}
	return nil
}

// judge says what is wrong with a signature's key at the signature's time, or "".
func (k *Key) judge(s *signer, sig *packet.Signature, now time.Time) string {
	at := sig.CreationTime
	self, identity := k.entity.PrimarySelfSignature()
	switch {
	case !now.IsZero() && at.After(now.Add(maxSkew)):
		return "it is dated later than " + day(now)
	case sig.SigExpired(at):
		return "it has ended"
	case at.Before(s.CreationTime):
		return "the key was made on " + day(s.CreationTime)
	case self == nil || !strong(self.Hash):
		return "the primary key is not bound by SHA-2"
	case k.entity.Revoked(at) || identity != nil && identity.Revoked(at):
		return "the primary key is revoked"
	case k.entity.PrimaryKey.KeyExpired(self, at):
		return "the primary key had ended"
	case s.sub == nil:
		return ""
	}
	return judgeSubkey(s.sub, at)
}

func judgeSubkey(s *openpgp.Subkey, at time.Time) string {
	switch {
	case !strong(s.Sig.Hash):
		return "the key is bound by " + s.Sig.Hash.String() + ", which is refused"
	case !s.Sig.FlagsValid || !s.Sig.FlagSign:
		return "the key is not for signing"
	case s.Revoked(at):
		return "the key is revoked"
	case s.PublicKey.KeyExpired(s.Sig, at):
		return "the key had ended on " + day(s.PublicKey.CreationTime.Add(time.Duration(*s.Sig.KeyLifetimeSecs)*time.Second))
	}
	return ""
}

// issuer returns what a signature says of its key: the fingerprint, else the key
// ID.
func issuer(sig *packet.Signature) string {
	switch {
	case sig.IssuerFingerprint != nil:
		return strings.ToUpper(hex.EncodeToString(sig.IssuerFingerprint))
	case sig.IssuerKeyId != nil:
		return strings.ToUpper(strconv.FormatUint(*sig.IssuerKeyId, 16))
	}
	return "(unnamed)"
}

func fingerprint(p *packet.PublicKey) string {
	return strings.ToUpper(hex.EncodeToString(p.Fingerprint))
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
