// Command askpython starts the Python of its image's conda environment and
// prints what it says of itself.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

// PythonPath is the program to start; the linker sets it.
var PythonPath = "python3"

func main() {
	fmt.Printf("askpython for %s/%s, python is %s\n", runtime.GOOS, runtime.GOARCH, PythonPath)
	if len(os.Args) > 1 && os.Args[1] == "-n" {
		return
	}
	cmd := exec.Command(PythonPath, "-c", "import platform, ssl, requests; print(platform.python_version(), ssl.OPENSSL_VERSION, requests.__version__)")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "askpython:", err)
		os.Exit(1)
	}
}
