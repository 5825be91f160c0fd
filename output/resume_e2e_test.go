//go:build e2e

package output_test

import (
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

// cutter passes connections on to a server and resets one of them, once, after
// so many bytes from the client.
type cutter struct {
	net.Listener
	server string
	after  int64
	sent   atomic.Int64 // bytes from clients
	cut    atomic.Bool
}

func (c *cutter) serve() {
	for {
		client, err := c.Accept()
		if err != nil {
			return // the test is over
		}
		go c.pass(client.(*net.TCPConn))
	}
}

func (c *cutter) pass(client *net.TCPConn) {
	defer client.Close()
	server, err := net.Dial("tcp", c.server)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(client, server)
		client.Close()
	}()
	buf := make([]byte, 32<<10)
	for {
		n, err := client.Read(buf)
		if total := c.sent.Add(int64(n)); total > c.after && c.cut.CompareAndSwap(false, true) {
			_ = client.SetLinger(0) // a reset, not an orderly end
			return
		}
		if _, e := server.Write(buf[:n]); err != nil || e != nil {
			return
		}
	}
}

// TestE2EReset: a reset in the middle of a PATCH against the real
// docker-registry. It keeps the offset of an upload in the session's URL, finds
// more on its disk than the URL says, and ends the session (2.8.2 "upload
// resumed at wrong offset", likewise in 3): so the push begins this one blob
// anew. Registries whose sessions can be asked get the rest alone, which
// TestPushResumes shows.
func TestE2EReset(t *testing.T) {
	host, _ := startRegistry(t)
	l, err := net.Listen("tcp", "localhost:0")
	must(t, err)
	defer l.Close()
	const size = 24 << 20
	c := &cutter{Listener: l, server: host, after: size / 2}
	go c.serve()
	large := outputtest.NewLayer(t, "large", noise(size))
	img := output.Image{Tags: []string{"v1"}, Index: outputtest.Index(t, twoPlatforms, large)}
	place := strings.Replace(l.Addr().String(), "127.0.0.1", "localhost", 1)
	var ev events
	write(t, "docker://"+place+"/team/data", img, output.Options{Progress: ev.add})
	if !c.cut.Load() || ev.count(output.EventRetry) == 0 {
		t.Error("nothing was cut")
	}
	if sent := c.sent.Load(); sent > size*7/4 {
		t.Errorf("%d bytes were sent for a layer of %d", sent, size)
	}
	run(t, "crane", "validate", "--remote", host+"/team/data:v1")
}
