package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// childVar makes the test binary run as one of several processes that share a
// store: it names the role, the arguments follow on the command line.
const childVar = "STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	if role := os.Getenv(childVar); role != "" {
		if err := child(role, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// startChild runs the test binary in a role. It is killed when the test ends.
func startChild(t *testing.T, role string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), childVar+"="+role)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, &stderr
}

func child(role string, args []string) error {
	s, err := Open(args[0])
	if err != nil {
		return err
	}
	ctx := context.Background()
	switch role {
	case "rounds":
		rounds, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		return errors.Join(childRounds(ctx, s, rounds), s.Close())
	case "write": // until killed
		for i := 0; ; i++ {
			if _, _, err := s.Put(ctx, bytes.NewReader(content(i, 300<<10)), "", 0); err != nil {
				return err
			}
			if err := s.SaveRecord(ctx, "numbers", strconv.Itoa(i%7), i); err != nil {
				return err
			}
			if _, err := s.CheckedDir(ctx, strconv.Itoa(i%7), makeTestDir); err != nil {
				return err
			}
			if i%3 == 2 {
				if err := s.DropDir(ctx, strconv.Itoa(i%7)); err != nil {
					return err
				}
			}
			if i%5 == 4 {
				if _, err := s.Prune(ctx, 500<<10); err != nil {
					return err
				}
			}
		}
	case "hold": // until killed
		if _, err := s.Lock(ctx, "held"); err != nil {
			return err
		}
		if err := s.SaveRecord(ctx, "numbers", "holding", 1); err != nil {
			return err
		}
		select {}
	}
	return fmt.Errorf("role %q", role)
}

// childRounds does what builders do to one store: fetch once, read, note.
func childRounds(ctx context.Context, s *Store, rounds int) error {
	for i := range rounds {
		want := content(i, 100<<10+i)
		unlock, err := s.Lock(ctx, "round "+strconv.Itoa(i))
		if err != nil {
			return err
		}
		if !s.Has(digestOf(want)) {
			var made int
			if _, err := s.LoadRecord(ctx, "made", strconv.Itoa(i), &made); err != nil {
				return err
			}
			if _, _, err := s.Put(ctx, bytes.NewReader(want), digestOf(want), int64(len(want))); err != nil {
				return err
			}
			if err := s.SaveRecord(ctx, "made", strconv.Itoa(i), made+1); err != nil {
				return err
			}
		}
		unlock()
		if got, err := readBlob(ctx, s, digestOf(want)); err != nil || !bytes.Equal(got, want) {
			return fmt.Errorf("round %d: %d bytes, %w", i, len(got), err)
		}
		dir, err := s.Dir(ctx, "dir "+strconv.Itoa(i%3), makeTestDir)
		if err != nil {
			return err
		}
		if err := checkTestDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// content returns n bytes that depend on seed.
func content(seed, n int) []byte {
	sum := sha256.Sum256([]byte(strconv.Itoa(seed)))
	return bytes.Repeat(sum[:], n/len(sum)+1)[:n]
}

func digestOf(p []byte) string {
	sum := sha256.Sum256(p)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func readBlob(ctx context.Context, s *Store, digest string) ([]byte, error) {
	b, err := s.Get(ctx, digest)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	p := make([]byte, b.Size())
	_, err = b.ReadAt(p, 0)
	return p, err
}

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func put(t *testing.T, s *Store, p []byte) string {
	t.Helper()
	digest, size, err := s.Put(t.Context(), bytes.NewReader(p), digestOf(p), int64(len(p)))
	if err != nil || digest != digestOf(p) || size != int64(len(p)) {
		t.Fatalf("Put: %s, %d, %v", digest, size, err)
	}
	return digest
}

// tmpFiles lists what lies in tmp.
func tmpFiles(t *testing.T, s *Store) []string {
	t.Helper()
	entries, err := os.ReadDir(s.path(tmpDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
