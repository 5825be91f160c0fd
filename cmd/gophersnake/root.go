package main

import (
	"context"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/platforms"
)

// globals are the flags that every command has.
type globals struct {
	dir       string
	file      string
	platforms []string
	env       []string
	offline   bool
	jobs      int
	cacheDir  string
	lower     []string
	progress  string
	logLevel  string
	logFormat string
	quiet     bool
	json      bool
	allowMD5  bool
	foreign   bool
	strict    bool
	insecure  []string
	maxWait   time.Duration
	goKeyFile string
}

// app is one run of the program.
type app struct {
	process
	globals
}

// run runs the program and returns its exit code.
func run(ctx context.Context, p process) int {
	a := &app{process: p}
	root := a.root()
	root.SetArgs(p.args)
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if on, bad := strconv.ParseBool(p.getenv("GOPHERSNAKE_JSON")); bad == nil && !root.PersistentFlags().Changed("json") {
		a.json = on // an error may come before start
	}
	if ctx.Err() != nil {
		err = interrupted{}
	}
	return a.report(err)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "gophersnake",
		Short: "Compose reproducible multi-arch images of conda environments and Go",
		Long: `gophersnake composes OCI images without a Dockerfile, layer by layer: a base, a
conda environment, a Go toolchain, and Go programs for six platforms. It needs no
daemon, no root and no emulation, and the same gophersnake.lock gives the same
digests on every machine.

Start with "gophersnake init"; "gophersnake help exit-codes" lists exit codes.`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.start(cmd) },
	}
	root.CompletionOptions.HiddenDefaultCmd = false
	root.Args = commandOnly
	root.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	root.SetFlagErrorFunc(badFlag)
	a.flags(root.PersistentFlags())
	root.AddCommand(a.initCommand(), a.checkCommand(), a.lockCommand(), a.buildCommand(), a.pushCommand(),
		a.planCommand(), a.diffCommand(), a.inspectCommand(), a.runCommand(), a.activateCommand(), a.deactivateCommand(), a.doctorCommand(), a.exportCommand(), a.cacheCommand(), a.schemaCommand(), a.versionCommand(), exitCodes())
	return root
}

func (a *app) flags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVarP(&a.dir, "directory", "C", "", "run as if started in `DIR`")
	f.StringVarP(&a.file, "file", "f", "gophersnake.toml", "the configuration `FILE`")
	f.StringSliceVar(&a.platforms, "platform", nil, "only these `PLATFORMS`, such as linux/arm64 (repeated or by commas)")
	f.StringSliceVar(&a.env, "env", nil, "only these `ENVIRONMENTS`; \"default\" is the top level")
	f.BoolVar(&a.offline, "offline", false, "never use the network")
	f.IntVar(&a.jobs, "jobs", 0, "layers made and blobs sent at a time (default: the processors)")
	f.StringVar(&a.cacheDir, "cache-dir", "", "the store's `DIR` (default: gophersnake in the user's cache directory)")
	f.StringArrayVar(&a.lower, "lower-cache", nil, "another cache `DIR` that is only read, for what the own one lacks (repeatable)")
	f.StringVar(&a.progress, "progress", "auto", "auto, tty, plain, json or none")
	f.StringVar(&a.logLevel, "log-level", "info", "error, warn, info or debug")
	f.StringVar(&a.logFormat, "log-format", "text", "text or json")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "only results and errors")
	f.BoolVar(&a.json, "json", false, "results and errors as JSON")
	f.BoolVar(&a.allowMD5, "allow-md5", false, "accept packages that have no sha256")
	f.BoolVar(&a.foreign, "allow-foreign-layers", false, "accept base layers that registries do not distribute")
	f.BoolVar(&a.strict, "strict", false, "refuse packages with setuid, setgid or sticky files instead of dropping the bits")
	f.StringSliceVar(&a.insecure, "insecure-registry", nil, "speak plain HTTP to this `HOST`")
	f.StringVar(&a.goKeyFile, "go-signing-key", "", "`FILE` with a newer copy of the key that signs Go's releases")
	f.DurationVar(&a.maxWait, "max-wait", 2*time.Minute, "longest `TIME` to wait for a server that asks to")
}

// start runs before every command: the environment fills in flags that were not
// given.
func (a *app) start(cmd *cobra.Command) error {
	var err error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		value := a.getenv("GOPHERSNAKE_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")))
		if value == "" || f.Changed || err != nil {
			return
		}
		if bad := cmd.Flags().Set(f.Name, value); bad != nil {
			err = badValue("GOPHERSNAKE_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")), f, value, bad)
		}
	})
	if err != nil {
		return err
	}
	for flag, values := range map[string][]string{
		"progress":   {a.progress, "auto", "tty", "plain", "json", "none"},
		"log-level":  {a.logLevel, "error", "warn", "info", "debug"},
		"log-format": {a.logFormat, "text", "json"},
	} {
		if !slices.Contains(values[1:], values[0]) {
			return fault.New(fault.Usage, "--"+flag, "%q is not one of %s", values[0], strings.Join(values[1:], ", "))
		}
	}
	if a.jobs < 0 {
		return fault.New(fault.Usage, "--jobs", "%d is negative", a.jobs)
	}
	if a.jobs == 0 {
		a.jobs = runtime.GOMAXPROCS(0)
	}
	if a.dir != "" {
		if info, err := os.Stat(a.dir); err != nil || !info.IsDir() {
			return fault.New(fault.Usage, "--directory", "%q is not a directory", a.dir)
		}
	}
	return nil
}

// wanted returns the platforms of --platform, or all of an environment, in the
// configuration's order.
func (a *app) wanted(all []platforms.Platform) ([]platforms.Platform, error) {
	if len(a.platforms) == 0 {
		return all, nil
	}
	var named []platforms.Platform
	for _, text := range a.platforms {
		p, err := platforms.Parse(text)
		if err != nil {
			return nil, fault.New(fault.Usage, "--platform", "%w", err)
		}
		if !slices.Contains(all, p) {
			return nil, fault.New(fault.Usage, "--platform", "%s is not a platform of the image", p).
				WithHint("the image has %s", list(all))
		}
		named = append(named, p)
	}
	return slices.DeleteFunc(slices.Clone(all), func(p platforms.Platform) bool { return !slices.Contains(named, p) }), nil
}
