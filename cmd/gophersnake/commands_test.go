package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gophersnake/gophersnake/internal/channeltest"
)

type scriptCommand = func(ts *testscript.TestScript, neg bool, args []string)

// commands returns the commands of scripts:
//
//	exit CODE COMMAND ARG…     like exec, with exactly this exit code
//	channel [-url URL] [-hash md5|none] DIR FILE…
//	                           write a channel of packages (internal/channeltest);
//	                           files may be quoted by ">" at the start of each line
//	wheel PYLOCK FILE [METADATA…]
//	                           make a wheel below $SERVER/wheels, and add it to a
//	                           pylock.toml
//	debian DIR FILE…           write an archive of Debian packages (internal/debiantest)
//	                           and its key, DIR.asc
//	base DIR                   write a base image, an OCI layout (base_test.go)
//	validate REF…              read a written image as go-containerregistry's validate does
//	config REF PLATFORM        print what the image's config says
//	layers REF                 print the layers of all platforms
//	files REF PLATFORM [LAYER] print the files of all layers, or of those whose
//	                           history holds LAYER
//	text REF PLATFORM PATH     print a file of the topmost layer that has it
//	cmp-digest REF REF         compare two images' digests
//	expand FILE FILE           copy a file with its $VARIABLES filled in
//	damage BLOBS               change a byte of the largest file below BLOBS
//	tamper LOCK digest|size    change a row of a lock's layers
func commands() map[string]scriptCommand {
	return map[string]scriptCommand{
		"exit":     cmdExit,
		"channel":  plainly(cmdChannel),
		"wheel":    plainly(cmdWheel),
		"base":     plainly(cmdBase),
		"debian":   plainly(cmdDebian),
		"validate": plainly(cmdValidate),
		"config":   plainly(cmdConfig),
		"layers":   plainly(cmdLayers),
		"files":    plainly(cmdFiles),
		"text":     plainly(cmdText),
		"expand":   plainly(cmdExpand),
		"damage":   plainly(cmdDamage),
		"tamper":   plainly(cmdTamper),

		"cmp-digest": cmdCmpDigest,
	}
}

// plainly is a command that may not be negated and returns its error.
func plainly(do func(ts *testscript.TestScript, args []string) error) scriptCommand {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("unsupported: !")
		}
		ts.Check(do(ts, args))
	}
}

func cmdExit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE COMMAND ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exited *exec.ExitError
		if !errors.As(err, &exited) {
			ts.Fatalf("%v", err)
		}
		got = exited.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func cmdChannel(ts *testscript.TestScript, args []string) error {
	var o channeltest.Options
	for len(args) > 1 && strings.HasPrefix(args[0], "-") {
		switch args[0] {
		case "-url":
			o.URL = args[1]
		case "-hash":
			o.Hash = args[1]
		default:
			return fmt.Errorf("unknown flag %s", args[0])
		}
		args = args[2:]
	}
	if len(args) < 2 {
		return errors.New("usage: channel [-url URL] [-hash md5|none] DIR FILE…")
	}
	var packages []channeltest.Package
	for _, name := range args[1:] {
		p, err := channeltest.Parse(unquoted(ts.ReadFile(name)))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		packages = append(packages, p)
	}
	return channeltest.Write(ts.MkAbs(args[0]), o, channeltest.Pack(packages...)...)
}

// unquoted takes away what txtar needs to hold a txtar.
func unquoted(text string) []byte {
	lines := strings.SplitAfter(text, "\n")
	quoted := func(line string) bool { return line == "" || strings.HasPrefix(line, ">") }
	if text == "" || slices.ContainsFunc(lines, func(line string) bool { return !quoted(line) }) {
		return []byte(text)
	}
	plain, err := txtar.Unquote([]byte(text))
	if err != nil {
		panic(err) // every line is quoted
	}
	return plain
}

func cmdBase(ts *testscript.TestScript, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: base DIR")
	}
	dir := ts.MkAbs(args[0])
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return writeBase(dir)
}

func cmdValidate(ts *testscript.TestScript, args []string) error {
	for _, ref := range args {
		if err := validateImage(ts.MkAbs, ref); err != nil {
			return fmt.Errorf("%s: %w", ref, err)
		}
	}
	return nil
}

func cmdConfig(ts *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: config REF PLATFORM")
	}
	img, err := openImage(ts.MkAbs, args[0], args[1])
	if err != nil {
		return err
	}
	return printConfig(ts.Stdout(), img)
}

func cmdLayers(ts *testscript.TestScript, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: layers REF")
	}
	idx, err := openIndex(ts.MkAbs, args[0])
	if err != nil {
		return err
	}
	return printLayers(ts.Stdout(), idx)
}

func cmdFiles(ts *testscript.TestScript, args []string) error {
	if len(args) != 2 && len(args) != 3 {
		return errors.New("usage: files REF PLATFORM [LAYER]")
	}
	img, err := openImage(ts.MkAbs, args[0], args[1])
	if err != nil {
		return err
	}
	layer := ""
	if len(args) == 3 {
		layer = args[2]
	}
	return printFiles(ts.Stdout(), img, layer)
}

func cmdText(ts *testscript.TestScript, args []string) error {
	if len(args) != 3 {
		return errors.New("usage: text REF PLATFORM PATH")
	}
	img, err := openImage(ts.MkAbs, args[0], args[1])
	if err != nil {
		return err
	}
	return printText(ts.Stdout(), img, args[2])
}

func cmdCmpDigest(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: cmp-digest REF REF")
	}
	var digests []string
	for _, ref := range args {
		idx, err := openIndex(ts.MkAbs, ref)
		ts.Check(err)
		digest, err := idx.Digest()
		ts.Check(err)
		digests = append(digests, digest.String())
	}
	if (digests[0] == digests[1]) == neg {
		ts.Fatalf("%s is %s, %s is %s", args[0], digests[0], args[1], digests[1])
	}
}

func cmdExpand(ts *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: expand FILE FILE")
	}
	return os.WriteFile(ts.MkAbs(args[1]), []byte(os.Expand(ts.ReadFile(args[0]), ts.Getenv)), 0o644)
}

// cmdDamage changes the first byte of the largest blob.
func cmdDamage(ts *testscript.TestScript, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: damage BLOBS")
	}
	file, size := "", int64(-1)
	err := filepath.WalkDir(ts.MkAbs(args[0]), func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() > size {
			file, size = p, info.Size()
		}
		return err
	})
	if err != nil {
		return err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	data[0]++
	if err := os.Chmod(file, 0o600); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o600)
}

var tampering = map[string]*regexp.Regexp{
	"digest": regexp.MustCompile(`(?m)^digest = "sha256:[0-9a-f]{4}`),
	"size":   regexp.MustCompile(`(?m)^digest = .*\nsize = [0-9]`),
}

func cmdTamper(ts *testscript.TestScript, args []string) error {
	if len(args) != 2 || tampering[args[1]] == nil {
		return errors.New("usage: tamper LOCK digest|size")
	}
	text := ts.ReadFile(args[0])
	at := tampering[args[1]].FindStringIndex(text)
	if at == nil {
		return errors.New("the lock has no row of a layer")
	}
	with := "0000"
	if args[1] == "size" {
		with = "9"
	}
	text = text[:at[1]-len(with)] + with + text[at[1]:]
	return os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644)
}
