package files_test

import (
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers/files"
	"github.com/gophersnake/gophersnake/lock"
)

func TestAccounts(t *testing.T) {
	debian := &lock.Facts{
		Passwd: "root:x:0:0:root:/root:/bin/bash\ngames:x:5:60:games:/usr/games:/usr/sbin/nologin\n",
		Group:  "root:x:0:\naudio:x:29:pulse\nvideo:x:44:\nshort:x:45\ndev:x:777:\n", Bash: true,
	}
	for _, tc := range []struct {
		name          string
		base          *lock.Facts
		accounts      []files.Account
		passwd, group string
		homes         []string
	}{
		{
			"scratch", &lock.Facts{}, nil,
			"root:x:0:0:root:/root:/sbin/nologin\n", "root:x:0:\n",
			[]string{},
		},
		{
			"a shell without accounts", &lock.Facts{Bash: true}, nil,
			"root:x:0:0:root:/root:/bin/bash\n", "root:x:0:\n",
			[]string{},
		},
		{
			"nonroot on scratch", &lock.Facts{},
			[]files.Account{files.Nonroot()},
			"root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532::/home/nonroot:/sbin/nologin\n", "root:x:0:\nnonroot:x:65532:\n",
			[]string{"home/nonroot/ 700 65532:65532"},
		},
		{
			"groups, bash", debian,
			[]files.Account{
				{Name: "op", UID: 1000, Groups: []string{"conda", "golang", "audio", "video", "short"}},
				{Name: "qa", UID: 1001, Groups: []string{"golang", "op", "op"}},
			},
			debian.Passwd + "op:x:1000:1000::/home/op:/bin/bash\nqa:x:1001:1001::/home/qa:/bin/bash\n",
			"root:x:0:\naudio:x:29:pulse,op\nvideo:x:44:op\nshort:x:45:op\ndev:x:777:\nop:x:1000:qa\nconda:x:900:op\ngolang:x:901:op,qa\nqa:x:1001:\n",
			[]string{"home/op/ 700 1000:1000", "home/qa/ 700 1001:1001"},
		},
		{
			"the base has the account", debian,
			[]files.Account{{Name: "games", UID: 5, Groups: []string{"video"}}},
			debian.Passwd, "root:x:0:\naudio:x:29:pulse\nvideo:x:44:games\nshort:x:45\ndev:x:777:\n",
			[]string{},
		},
		{
			"the base has the group", debian,
			[]files.Account{{Name: "dev", UID: 1000}},
			debian.Passwd + "dev:x:1000:1000::/home/dev:/bin/bash\n", debian.Group,
			[]string{"home/dev/ 700 1000:1000"},
		},
		{
			"no newline at the end", &lock.Facts{Passwd: "root:x:0:0::/:/x", Group: "root:x:0:"},
			[]files.Account{{Name: "a", UID: 1}},
			"root:x:0:0::/:/x\na:x:1:1::/home/a:/sbin/nologin\n", "root:x:0:\na:x:1:\n",
			[]string{"home/a/ 700 1:1"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fs, err := files.Accounts(tc.base, tc.accounts)
			must(t, err)
			for i, want := range []struct{ path, text string }{{"etc/group", tc.group}, {"etc/passwd", tc.passwd}} {
				r, err := fs[i].Open()
				must(t, err)
				text, err := io.ReadAll(r)
				must(t, err)
				if diff := cmp.Diff(want.text, string(text)); diff != "" || fs[i].Header.Path != want.path || fs[i].SHA256 != digest(text) {
					t.Errorf("%+v with sha256 %s (-want +got):\n%s", fs[i].Header, fs[i].SHA256, diff)
				}
			}
			if diff := cmp.Diff(tc.homes, list(fs[2:])); diff != "" {
				t.Errorf("homes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAccountsErrors(t *testing.T) {
	base := &lock.Facts{Passwd: "games:x:5:60::/:/x\n"}
	_, err := files.Accounts(base, []files.Account{{Name: "games", UID: 1000}})
	wantError(t, err, fault.Usage, "account games: the base has it with uid 5, not 1000", "")
	_, err = files.Accounts(base, []files.Account{{Name: "dev", UID: 1000, Groups: []string{"docker"}}})
	wantError(t, err, fault.Usage, `account dev: group "docker" is neither conda, golang nor a group of the base`, "")
}

func TestUserID(t *testing.T) {
	base := &lock.Facts{Passwd: "root:x:1:1::/:/x\ngames:x:5:60::/usr/games:/x\nbad:x:x:60::/:/x\nworse:x:1:x::/:/x\nshort:x:7\n"}
	accounts := []files.Account{{Name: "dev", UID: 1000}, {Name: "games2", UID: 9}}
	for _, tc := range []struct {
		user     string
		uid, gid int
	}{
		{"0", 0, 0}, {"65532", 65532, 65532}, {"root", 0, 0}, {"dev", 1000, 1000}, {"games", 5, 60}, {"games2", 9, 9},
	} {
		uid, gid, err := files.UserID(base, accounts, tc.user)
		if uid != tc.uid || gid != tc.gid || err != nil {
			t.Errorf("%s is %d:%d, %v; want %d:%d", tc.user, uid, gid, err, tc.uid, tc.gid)
		}
	}
	for _, user := range []string{"", "nobody", "bad", "worse", "short", "-1", "dev:dev", "1000:1000"} {
		_, _, err := files.UserID(base, accounts, user)
		wantError(t, err, fault.Usage, `user "`+user+`": no such account, and the base has none of this name`, "add it to [[accounts]], or use a number")
	}
}
