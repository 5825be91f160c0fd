package release

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"
)

// Key is the verifier key of the public checksum database, as in cmd/go's
// internal/modfetch.
const Key = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"

// State keeps what the checksum database has shown, so that it cannot take it
// back. Names are slash-separated and safe as file names below a directory:
//
//	sum.golang.org/latest       the newest signed tree head seen
//	sum.golang.org/tile/…       parts of the tree, all proved
//	sum.golang.org/lookup/…     records, all proved
//	sum.golang.org/forked       two heads that do not belong together
//
// One that has a method Place(name string) string is asked where people find a
// file. Methods are called from several goroutines. Processes may share a State:
// each write replaces a whole file, and a head that is written over by an
// older one is only seen again.
type State interface {
	Load(name string) ([]byte, error) // an unknown name: errors.Is(err, fs.ErrNotExist)
	Save(name string, data []byte) error
}

// Sums asks the checksum database for the hashes of modules and believes only
// what is proved: the tree head is signed with Key, the record is in that tree
// (inclusion), and that tree and every one seen before are the same log
// (consistency), as in the Go Modules Reference, "Checksum database". It does
// not look at GOSUMDB, GONOSUMDB or GOFLAGS: no caller can switch it off.
//
// Proxies keep answers, so an answer with an older tree head than the saved
// one is usual. It is accepted if the old head is proved to be a prefix of the
// saved tree and the record is proved to be in the saved tree, and refused if
// either cannot be shown.
type Sums struct {
	Proxy    Proxy  // a module proxy, asked below sumdb/NAME/
	Database Proxy  // the database itself, asked for what Proxy does not give; may be nil
	State    State  // nil: nothing is remembered between calls
	Key      string // verifier key; "" means the constant Key
}

// H1 returns the proved hash "h1:…" of a module version.
//
// A server that has no record for it gives an error for which errors.Is(err,
// fs.ErrNotExist) holds. A bad signature, a tree that forked or shrank and a
// record outside the tree are of class "verification"; both tree heads are
// saved then as NAME/forked.
func (s *Sums) H1(ctx context.Context, path, version string) (string, error) {
	ops, err := s.session(ctx)
	if err != nil {
		return "", err
	}
	lines, err := sumdb.NewClient(ops).Lookup(path, version)
	if err != nil {
		return "", ops.explain(path+"@"+version, err)
	}
	ops.keep()
	for _, line := range lines {
		if f := strings.Fields(line); len(f) == 3 && strings.HasPrefix(f[2], "h1:") {
			return f[2], nil
		}
	}
	return "", newError("verification", path+"@"+version, "the checksum database has no h1 hash")
}

// session returns the effects of one lookup. Its read function holds ctx,
// since sumdb's interface has no place for one.
func (s *Sums) session(ctx context.Context) (*session, error) {
	key := s.Key
	if key == "" {
		key = Key
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return nil, newError("usage", "", "checksum database key %q: %w", key, err)
	}
	ops := &session{key: key, name: verifier.Name(), verifiers: note.VerifierList(verifier), state: s.State}
	if ops.state == nil {
		ops.state = &memory{}
	}
	ops.read = func(file string) ([]byte, error) {
		if s.Proxy != nil {
			data, err := readAll(ctx, s.Proxy, "sumdb/"+ops.name+file)
			if s.Database == nil || !errors.Is(err, fs.ErrNotExist) {
				return data, err
			}
		}
		if s.Database == nil {
			return nil, newError("usage", "", "no server to ask for checksums")
		}
		return readAll(ctx, s.Database, strings.TrimPrefix(file, "/"))
	}
	return ops, nil
}
