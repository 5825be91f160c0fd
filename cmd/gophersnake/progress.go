package main

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/sirupsen/logrus"

	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/conda/link"
	"github.com/gophersnake/gophersnake/internal/fetch"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/platforms"
)

// progress tells people on standard error what happens. Its methods are called
// from many goroutines.
type progress struct {
	log *logrus.Logger

	mu     sync.Mutex
	tty    io.Writer // nil where the status line is not wanted
	status string
	bytes  int64 // fetched so far
	seen   map[string]bool
}

func (a *app) newProgress() *progress {
	p := &progress{log: logrus.New(), seen: map[string]bool{}}
	p.log.SetOutput(p.lines(a.stderr))
	if a.logFormat == "json" || a.progress == "json" {
		p.log.SetFormatter(&logrus.JSONFormatter{DisableTimestamp: true})
	} else {
		p.log.SetFormatter(plainFormatter{})
	}
	level, _ := logrus.ParseLevel(a.logLevel) // checked by start
	if a.quiet || a.progress == "none" {
		level = min(level, logrus.ErrorLevel)
	}
	p.log.SetLevel(level)
	if level >= logrus.InfoLevel && (a.progress == "tty" || a.progress == "auto" && a.terminal()) {
		p.tty = a.stderr
	}
	return p
}

// plainFormatter writes the message alone, with a word for what is no plain
// news.
type plainFormatter struct{}

func (plainFormatter) Format(e *logrus.Entry) ([]byte, error) {
	prefix := ""
	if e.Level != logrus.InfoLevel {
		prefix = e.Level.String() + ": "
	}
	return []byte(prefix + e.Message + "\n"), nil
}

// lines returns a writer that keeps whole lines apart from the status line.
func (p *progress) lines(w io.Writer) io.Writer {
	return writerFunc(func(b []byte) (int, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.clear()
		n, err := w.Write(b)
		p.draw()
		return n, err
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// show replaces the status line.
func (p *progress) show(format string, args ...any) {
	if p.tty == nil {
		return
	}
	p.clear()
	p.status = fmt.Sprintf(format, args...)
	p.draw()
}

func (p *progress) clear() {
	if p.tty != nil && p.status != "" {
		fmt.Fprint(p.tty, "\r\x1b[K")
	}
}

func (p *progress) draw() {
	if p.tty != nil && p.status != "" {
		fmt.Fprint(p.tty, p.status)
	}
}

// close takes the status line away.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.status = ""
}

func (p *progress) note(text string) { p.log.Info(text) }

func (p *progress) warn(text string) {
	if p.once("warn " + text) {
		p.log.Warn(text)
	}
}

// once reports whether a text is new: both platforms may give the same one.
func (p *progress) once(text string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen[text] {
		return false
	}
	p.seen[text] = true
	return true
}

func (p *progress) fetched(e fetch.Event) {
	switch e.Kind {
	case fetch.Received:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.bytes += e.Bytes
		p.show("fetched %s", size(p.bytes))
	case fetch.Retrying:
		p.log.Warnf("%s: %v; again in %s", e.URL, e.Err, e.Wait)
	case fetch.Waiting:
		p.log.Warnf("%s asks to wait %s", e.URL, e.Wait)
	case fetch.Hit:
		p.log.Debugf("%s is in the store", e.URL)
	}
}

func (p *progress) built(e builder.Event) {
	switch e.Kind {
	case "make":
		p.log.Debugf("making layer %s", e.Layer)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.show("making layer %s", e.Layer)
	case "made":
		p.log.Infof("layer %s: %s", e.Layer, size(e.Size))
	case "lent":
		p.log.Infof("layer %s: %s, from the cache", e.Layer, size(e.Size))
	case "known":
		p.log.Debugf("layer %s: %s, known", e.Layer, size(e.Size))
	}
}

func (p *progress) linked(pl platforms.Platform, plan *link.Plan) {
	for _, c := range plan.Clobbers {
		p.log.Warnf("%s: %s is in several packages: taken from %s, left out of %s", pl, c.Path, c.Winner, strings.Join(c.Losers, ", "))
	}
	for _, w := range plan.Warnings {
		p.warn(w)
	}
}

func (p *progress) written(e output.Event) {
	switch e.Kind {
	case output.EventProgress:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.show("writing %.24s %s of %s", e.Name, size(e.Bytes), size(e.Size))
	case output.EventRetry:
		p.log.Warnf("%s: %s; again in %s", e.Name, e.Problem, e.Wait)
	case output.EventWait:
		p.log.Warnf("%s asks to wait %s", e.Name, e.Wait)
	case output.EventLoaded:
		p.log.Info("loaded " + e.Name)
	case output.EventTagged:
		p.log.Info("pushed " + e.Name)
	default:
		p.log.Debugf("%s %s", e.Kind, e.Name)
	}
}

func (p *progress) changes(changes []lock.Change) {
	for _, c := range changes {
		p.log.Info(c.String())
	}
}

// size prints a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d B", n)
}
