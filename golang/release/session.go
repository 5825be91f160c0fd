package release

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// session is the sumdb.ClientOps of one lookup. sumdb flattens errors into
// text, so session keeps the first of each kind for explain.
type session struct {
	key, name string
	verifiers note.Verifiers
	state     State
	read      func(file string) ([]byte, error)

	mu       sync.Mutex
	proved   map[string][]byte
	saved    []byte // the signed head that was saved before
	seen     []byte // the signed head of the answer
	forged   error  // bad signature
	broken   error  // network or disk
	absent   error  // no server gives the record
	refused  error  // no server gives a tile
	security string // sumdb's account of a fork
}

// ReadRemote reads a file of the database. The signature of a record's tree
// head is checked here already, where the error has a type.
func (s *session) ReadRemote(file string) ([]byte, error) {
	data, err := s.read(file)
	s.mu.Lock()
	defer s.mu.Unlock()
	lookup := strings.HasPrefix(file, "/lookup/")
	switch {
	case errors.Is(err, fs.ErrNotExist) && lookup:
		s.absent = first(s.absent, err)
	case errors.Is(err, fs.ErrNotExist):
		s.refused = first(s.refused, err)
	case err != nil:
		s.broken = first(s.broken, err)
	case lookup:
		err = s.checkHead(file, data)
	}
	return data, err
}

func (s *session) checkHead(file string, record []byte) error {
	_, _, head, err := tlog.ParseRecord(record)
	if err == nil {
		s.seen = head
		_, err = note.Open(head, s.verifiers)
	}
	if err != nil {
		s.forged = first(s.forged, newError("verification", s.name+file, "SECURITY: %w", err))
	}
	return err
}

// ReadConfig returns the key or the saved head.
func (s *session) ReadConfig(file string) ([]byte, error) {
	if file == "key" {
		return []byte(s.key), nil
	}
	data, err := s.state.Load(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // the empty tree
	}
	if err == nil && len(data) > 0 {
		_, err = note.Open(data, s.verifiers)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		err = newError("disk", file, "saved tree head: %w", err)
		s.broken = first(s.broken, err)
	}
	if s.saved == nil {
		s.saved = data
	}
	return data, err
}

// WriteConfig replaces the saved head.
func (s *session) WriteConfig(file string, old, data []byte) error {
	now, err := s.state.Load(file)
	if err == nil && !bytes.Equal(now, old) {
		return sumdb.ErrWriteConflict
	}
	if err = s.state.Save(file, data); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.broken = first(s.broken, newError(classOf(err, "disk"), file, "%w", err))
	}
	return err
}

// ReadCache returns a proved tile or record.
func (s *session) ReadCache(file string) ([]byte, error) {
	s.mu.Lock()
	data, ok := s.proved[file]
	s.mu.Unlock()
	if ok {
		return data, nil
	}
	return s.state.Load(file)
}

// WriteCache takes a tile or record that is proved by the tree head that came with
// it. Only the lookup's end shows whether that head belongs to the saved tree: a
// tile of a forked one would make every later proof fail.
func (s *session) WriteCache(file string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proved == nil {
		s.proved = map[string][]byte{}
	}
	s.proved[file] = data
}

// keep saves what a lookup that succeeded has proved. What cannot be saved is
// asked for again the next time.
func (s *session) keep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for file, data := range s.proved {
		_ = s.state.Save(file, data)
	}
}

// Log does nothing: libraries do not log.
func (s *session) Log(string) {}

// SecurityError keeps sumdb's account of a fork, which has both heads and the
// proof.
func (s *session) SecurityError(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.security = text
}

// explain makes one classified error of what a lookup ran into.
func (s *session) explain(module string, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.forged != nil:
		return s.forged
	case s.security != "":
		return s.fork(module, "SECURITY: the checksum database's tree has forked")
	case s.broken != nil:
		return s.broken
	case s.absent != nil:
		return newError("network", module, "not in the checksum database %s: %w", s.name, s.absent)
	case s.refused != nil && s.wentBack():
		return s.fork(module, "SECURITY: the checksum database's tree is older than one it showed before")
	case s.refused != nil:
		return newError("network", module, "the checksum database does not prove its record: %w", s.refused)
	}
	return s.fork(module, fmt.Sprintf("SECURITY: the checksum database contradicts itself: %v", err))
}

// wentBack reports whether the server, which does not give a tile, shows a tree
// that is smaller than the saved one. Where it was not asked for a record yet,
// its newest head tells.
func (s *session) wentBack() bool {
	if s.seen == nil {
		head, err := s.read("/latest")
		if err != nil || s.size(head) == 0 {
			return false
		}
		s.seen = head
	}
	return s.size(s.seen) < s.size(s.saved)
}

// fork saves both heads and returns the error that says where.
func (s *session) fork(module, problem string) error {
	file := s.name + "/forked"
	text := fmt.Sprintf("%s\n\n%s\nsaved tree head:\n\n%s\nreceived tree head:\n\n%s", problem, s.security, s.saved, s.seen)
	e := newError("verification", module, "%s: tree of %d records was saved, tree of %d received",
		problem, s.size(s.saved), s.size(s.seen))
	if err := s.state.Save(file, []byte(text)); err != nil {
		return e.advise("the tree heads could not be saved: %v", err)
	}
	where := file + " of the checksum database's state"
	if p, ok := s.state.(interface{ Place(name string) string }); ok {
		where = p.Place(file)
	}
	return e.advise("do not go on; both tree heads are kept in %s", where)
}

// size returns the number of records under a signed head, or 0 if the signature
// is not right.
func (s *session) size(head []byte) int64 {
	n, err := note.Open(head, s.verifiers)
	if err != nil {
		return 0
	}
	tree, err := tlog.ParseTree([]byte(n.Text))
	if err != nil {
		return 0
	}
	return tree.N
}

func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// memory is the State of one lookup.
type memory struct {
	mu    sync.Mutex
	files map[string][]byte
}

func (m *memory) Load(name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.files[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return data, nil
}

func (m *memory) Save(name string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files == nil {
		m.files = map[string][]byte{}
	}
	m.files[name] = data
	return nil
}
