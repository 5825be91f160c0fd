package solver_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/gophersnake/gophersnake/conda/solver"
)

// team is what a small channel has.
var team = []solver.Record{
	{Name: "app", Version: "1.0", Build: "0", Channel: "team", Depends: []string{"lib >=1"}},
	{Name: "app", Version: "2.0", Build: "0", Channel: "team", Depends: []string{"lib >=2", "__glibc >=2.34"}},
	{Name: "lib", Version: "1.4", Build: "0", Channel: "team"},
	{Name: "lib", Version: "2.1", Build: "0", Channel: "team"},
}

func ExampleSolve() {
	s, err := solver.Solve(context.Background(), solver.Problem{
		Specs:   []string{"app"},
		Records: team,
		Virtual: []solver.Record{{Name: "__glibc", Version: "2.28", Build: "0"}},
	})
	for _, r := range s.Records {
		fmt.Println(r.Name, r.Version)
	}
	fmt.Println(err)
	// Output:
	// app 1.0
	// lib 2.1
	// <nil>
}

func ExampleUnsatisfiable() {
	_, err := solver.Solve(context.Background(), solver.Problem{
		Specs:   []string{"app 2.*", "lib"},
		Records: team,
		Virtual: []solver.Record{{Name: "__glibc", Version: "2.28", Build: "0"}},
	})
	var u *solver.Unsatisfiable
	fmt.Println(errors.As(err, &u))
	fmt.Println(err)
	// Output:
	// true
	// the requested packages cannot be installed together
	// └─ requested "app 2.*"
	//    └─ app 2.0 0
	//       └─ requires __glibc >=2.34: the target has __glibc 2.28 0
}
