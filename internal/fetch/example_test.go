package fetch_test

import (
	"fmt"

	"github.com/gophersnake/gophersnake/internal/fetch"
)

func ExampleRedact() {
	fmt.Println(fetch.Redact("https://me:password@conda.example.com/t/token/team/noarch/a-1-0.conda?sig=x"))
	// Output: https://conda.example.com/t/***/team/noarch/a-1-0.conda
}

func ExampleNetrc() {
	auth := fetch.Netrc("machine conda.example.com login me password word", "~/.netrc")
	l, ok := auth("conda.example.com:8443")
	fmt.Println(l.User, l.Secret, l.Source, ok)
	// Output: me *** ~/.netrc true
}
