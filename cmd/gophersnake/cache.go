package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/store"
)

func (a *app) cacheCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "Show, shrink or check the store",
		Args:  commandOnly,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.cacheInfo(), a.cachePrune(), a.cacheVerify())
	return cmd
}

// withStore runs a command on the store.
func (a *app) withStore(do func(s *store.Store, dir string) error) error {
	dir, err := a.cache()
	if err != nil {
		return err
	}
	dir = filepath.Join(dir, "store")
	s, err := store.Open(dir)
	if err != nil {
		return err
	}
	defer s.Close()
	return do(s, dir)
}

func (a *app) cacheInfo() *cobra.Command {
	return &cobra.Command{
		Use:   "info",
		Short: "Show where the store is and what it holds",
		Args:  none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStore(func(s *store.Store, dir string) error {
				usage, err := s.Info(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(struct {
						Dir   string        `json:"dir"`
						Usage []store.Usage `json:"usage"`
					}{dir, usage})
				}
				w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
				fmt.Fprintf(w, "%s\n", dir)
				for _, u := range usage {
					fmt.Fprintf(w, "%s\t%d\t%s\n", u.Kind, u.Files, size(u.Bytes))
				}
				return w.Flush()
			})
		},
	}
}

func (a *app) cachePrune() *cobra.Command {
	var keep string
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove what was used longest ago",
		Args:  none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			most, err := parseSize(keep)
			if err != nil {
				return err
			}
			return a.withStore(func(s *store.Store, _ string) error {
				freed, err := s.Prune(cmd.Context(), most)
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(freed)
				}
				_, err = fmt.Fprintf(a.stdout, "removed %d files, %s\n", freed.Files, size(freed.Bytes))
				return err
			})
		},
	}
	cmd.Flags().StringVar(&keep, "keep", "0", "keep at most `SIZE`, such as 10GB")
	return cmd
}

func (a *app) cacheVerify() *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Hash everything in the store, and remove what is broken",
		Args:  none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStore(func(s *store.Store, dir string) error {
				r, err := s.Verify(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					if err := a.printJSON(r); err != nil {
						return err
					}
				} else if _, err := fmt.Fprintf(a.stdout, "%d files, %s, %d broken\n", r.Files, size(r.Bytes), len(r.Bad)); err != nil {
					return err
				}
				if len(r.Bad) > 0 {
					return fault.New(fault.Disk, dir, "broken files were removed: %s", strings.Join(r.Bad, ", ")).
						WithHint("what they held is fetched or made again when it is needed")
				}
				return nil
			})
		},
	}
}

// parseSize reads "0", "500MB" or "10GB", in powers of ten.
func parseSize(text string) (int64, error) {
	number, unit := strings.TrimRight(text, "kMGTB"), int64(1)
	switch suffix := strings.TrimSuffix(text[len(number):], "B"); suffix {
	case "":
	case "k":
		unit = 1e3
	case "M":
		unit = 1e6
	case "G":
		unit = 1e9
	case "T":
		unit = 1e12
	default:
		return 0, badSize(text)
	}
	n, err := strconv.ParseInt(number, 10, 40)
	if err != nil || n < 0 {
		return 0, badSize(text)
	}
	return n * unit, nil
}

func badSize(text string) error {
	return fault.New(fault.Usage, "--keep", "%q is not a size such as 500MB or 10GB", text)
}
