package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/internal/channeltest"
)

// image is the beginning of most configurations of tests.
const imageTable = "version = 1\n[image]\nplatforms = [\"linux/amd64\"]\n"

// A01 to A10 of promises.md §2, and further configurations that cannot be.
func TestBadConfiguration(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, config, want string }{
		{"A01 empty", "", "gophersnake: gophersnake.toml:1:1: the configuration is empty\nhint: gophersnake init writes one\n"},
		{"A01 comments only", "# nothing\n\n", "gophersnake: gophersnake.toml:1:1: the configuration is empty\nhint: gophersnake init writes one\n"},
		{"A02 syntax", "version = 1\n[image\n", "gophersnake: gophersnake.toml:2:7: not TOML: expected ']' to close table name\n"},
		{"A02 unclosed", "version = 1\n[image]\nname = \"x\n", "gophersnake: gophersnake.toml:3:10: not TOML: basic strings cannot have new lines\n"},
		{"A02 not UTF-8", "version = 1\n[image]\nname = \"\xff\"\n", "gophersnake: gophersnake.toml:3:9: not TOML: invalid UTF-8 character in basic string\n"},
		{"A02 NUL", "version = 1\x00\n", "gophersnake: gophersnake.toml:1:12: not TOML: expected newline but got U+0000\n"},
		{"A03 unknown key", imageTable + "[conda]\npakages = [\"x\"]\n", "gophersnake: gophersnake.toml:5:1: unknown key \"pakages\" in conda\nhint: known keys: categories, channel-priority, channels, dependencies, environment, exclude-newer, file, lock, prefix, pyc, scripts, target, virtual-packages, wheels\n"},
		{"A03 unknown table", imageTable + "[cond]\nlock = \"x\"\n", "gophersnake: gophersnake.toml:4:2: unknown key \"cond\"\nhint: did you mean \"conda\"?\n"},
		{"A03 known key, wrong table", imageTable + "channels = [\"conda-forge\"]\n", "gophersnake: gophersnake.toml:4:1: unknown key \"channels\" in image\nhint: known keys: annotations, cmd, entrypoint, env, labels, name, permissions, platforms, tags, user, workdir\n"},
		{"A04 string for list", imageTable + "[conda]\nchannels = \"conda-forge\"\n", "gophersnake: gophersnake.toml:5:12: conda.channels: want a list of strings, got a string\nhint: put it in brackets: channels = [\"conda-forge\"]\n"},
		{"A04 list for string", "version = 1\n[image]\nname = [\"x\"]\n", "gophersnake: gophersnake.toml:3:8: image.name: want a string, got a list\n"},
		{"A04 version", "version = \"1\"\n", "gophersnake: gophersnake.toml:1:11: version: want a number, got a string\nhint: write: version = 1\n"},
		{"newer version", "version = 2\n", "gophersnake: gophersnake.toml:1:11: version 2 is newer than this gophersnake reads (1)\nhint: use a newer gophersnake\n"},
		{"no version", "[image]\nplatforms = [\"linux/amd64\"]\n", "gophersnake: gophersnake.toml:1:1: version is missing\nhint: begin the file with: version = 1\n"},
		{"A05 duplicate key", imageTable + "[conda]\nprefix = \"/a\"\nprefix = \"/b\"\n", "gophersnake: gophersnake.toml:6:1: key \"prefix\" is set twice, first on line 5\nhint: keep one of the two\n"},
		{"A05 duplicate table", imageTable + "[image]\nname = \"x/y\"\n", "gophersnake: gophersnake.toml:4:2: key \"image\" is set twice, first on line 2\nhint: keep one of the two\n"},
		{"A06 image name", "version = 1\n[image]\nname = \"UPPER/x\"\n", "gophersnake: gophersnake.toml:3:8: image.name: \"UPPER/x\" is not a repository: \"UPPER\" is not lower case letters and digits with single \".\", \"_\", \"__\" or \"-\" between them\nhint: a repository is HOST[:PORT]/PATH, as in registry.example.com/team/app\n"},
		{"A06 base", imageTable + "[base]\nimage = \"UPPER/x\"\n", "gophersnake: gophersnake.toml:5:9: base.image: \"UPPER/x\" is not a repository: \"UPPER\" is not lower case letters and digits with single \".\", \"_\", \"__\" or \"-\" between them\nhint: a repository is HOST[:PORT]/PATH, as in registry.example.com/team/app\n"},
		{"A06 tag", imageTable + "tags = [\"a b\"]\n", "gophersnake: gophersnake.toml:4:9: image.tags: \"a b\" is not a tag\nhint: tags are at most 128 letters, digits, \"_\", \".\" and \"-\", and begin with none of the last two\n"},
		{"A07 platform", "version = 1\n[image]\nplatforms = [\"linux/amd46\"]\n", "gophersnake: gophersnake.toml:3:14: image.platforms: platform \"linux/amd46\" is not one of linux/amd64, linux/arm64, darwin/amd64, darwin/arm64, windows/amd64, windows/arm64\nhint: did you mean \"linux/amd64\"?\n"},
		{"A07 no platform", "version = 1\n[image]\nplatforms = []\n", "gophersnake: gophersnake.toml:3:13: image.platforms: the list is empty\nhint: remove it for linux/amd64 and linux/arm64\n"},
		{"A08 no subdir", "version = 1\n[image]\nplatforms = [\"windows/arm\"]\n[conda]\ndependencies = [\"x\"]\n", "gophersnake: gophersnake.toml:3:14: image.platforms: platform \"windows/arm\" is not one of linux/amd64, linux/arm64, darwin/amd64, darwin/arm64, windows/amd64, windows/arm64\nhint: conda has no such subdir\n"},
		{"A08 not an image", "version = 1\n[image]\nplatforms = [\"darwin/arm64\"]\n", "gophersnake: gophersnake.toml:3:14: image.platforms: \"darwin/arm64\" cannot be the platform of an image\nhint: images are linux/amd64 or linux/arm64; programs for other platforms stand in [[cli]]\n"},
		{"A10 source outside", imageTable + "[[files]]\nsrc = \"a/../../x\"\ndest = \"/x\"\n", "gophersnake: gophersnake.toml:5:7: files.src: path \"a/../../x\" is outside the directory of gophersnake.toml\nhint: \"..\" is not allowed: copy the files into the project, or use -C\n"},
		{"A10 absolute source", imageTable + "[[files]]\nsrc = \"/etc/passwd\"\ndest = \"/x\"\n", "gophersnake: gophersnake.toml:5:7: files.src: path \"/etc/passwd\" is absolute\nhint: paths are relative to gophersnake.toml\n"},
		{"A10 destination outside", imageTable + "[[files]]\nsrc = \"x\"\ndest = \"/a/../../x\"\n", "gophersnake: gophersnake.toml:6:8: files.dest: path \"/a/../../x\" is not clean\nhint: write \"/x\"\n"},
		{"relative destination", imageTable + "[[files]]\nsrc = \"x\"\ndest = \"x\"\n", "gophersnake: gophersnake.toml:6:8: files.dest: path \"x\" is not absolute\nhint: write \"/x\"\n"},
		{"mode", imageTable + "[[files]]\nsrc = \"x\"\ndest = \"/x\"\nmode = \"4755\"\n", "gophersnake: gophersnake.toml:7:8: files.mode: mode \"4755\" is not octal permission bits\nhint: setuid, setgid and sticky bits are never set\n"},
		{"lock outside", imageTable + "[conda]\nlock = \"../conda-lock.yml\"\n", "gophersnake: ../conda-lock.yml: no such file or directory\nhint: paths are relative to gophersnake.toml\n"},
		{"no lock", imageTable + "[conda]\nlock = \"none.yml\"\n", "gophersnake: none.yml: no such file or directory\nhint: paths are relative to gophersnake.toml\n"},
		{"lock and channels", imageTable + "[conda]\nlock = \"a.yml\"\nchannels = [\"b\"]\n", "gophersnake: gophersnake.toml:6:1: conda: lock and channels exclude each other\nhint: a lock file names every package: remove channels\n"},
		{"PATH", imageTable + "env = { PATH = \"/x\" }\n", "gophersnake: gophersnake.toml:4:16: image.env.PATH: \"/x\" does not contain $PATH\nhint: without it conda and Go are not found: PATH = \"/x:$PATH\"\n"},
		{"user", imageTable + "user = \"nobody\"\n", "gophersnake: gophersnake.toml:4:8: image.user: \"nobody\" is neither an account nor a number\nhint: add [[accounts]] with name = \"nobody\", or give the number\n"},
		{"prefix", imageTable + "[conda]\nprefix = \"opt\"\n", "gophersnake: gophersnake.toml:5:10: conda.prefix: path \"opt\" is not absolute\nhint: write \"/opt\"\n"},
		{"G05 version", imageTable + "[go]\nversions = [\"1.x\"]\n", "gophersnake: gophersnake.toml:5:13: go.versions: \"1.x\" is not a Go version\nhint: write \"1.26\", \"1.26.8\", \">=1.21.0,<1.22.0\" or \"go.mod\"\n"},
		{"variant", imageTable + "[env.\"a b\"]\n", "gophersnake: gophersnake.toml:4:6: env: \"a b\" is not a name for a variant\nhint: names end tags: at most 64 letters, digits, \"_\" and \"-\"\n"},
		{"one tag twice", imageTable + "tags = [\"a\"]\n[env.x]\nimage.tags = [\"a\"]\n", "gophersnake: gophersnake.toml:6:15: image.tags: \"a\" is a tag of the top level and of [env.x]\nhint: set image.tags of [env.x]\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, tt.config)
			s.fails(2, tt.want, "build", "-o", "oci:image")
			s.absent("image", lockName)
		})
	}
}

// A09: what is not a file of reasonable size must not be waited for.
func TestConfigurationIsNoFile(t *testing.T) {
	t.Parallel()
	t.Run("directory", func(t *testing.T) {
		s := newSite(t, "")
		s.check(os.Mkdir(s.at("d"), 0o755))
		s.fails(2, "gophersnake: d: is a directory\nhint: name the file in it\n", "check", "-f", "d")
	})
	t.Run("pipe", func(t *testing.T) {
		s := newSite(t, "")
		if err := mkfifo(s.at("p")); err != nil {
			t.Skip(err)
		}
		s.fails(2, "gophersnake: p: is not a regular file\n", "check", "-f", "p")
	})
	t.Run("1 GB", func(t *testing.T) {
		s := newSite(t, "")
		s.check(os.Truncate(s.at("gophersnake.toml"), 1<<30)) // sparse
		s.fails(2, "gophersnake: gophersnake.toml: is 1073741824 bytes; at most 8388608 are read\n", "check")
	})
	t.Run("absent", func(t *testing.T) {
		s := newSite(t, "")
		s.fails(2, "gophersnake: none/x.toml: no such file\nhint: gophersnake init writes one\n", "check", "-f", "none/x.toml")
	})
	t.Run("unreadable", func(t *testing.T) {
		if os.Getuid() == 0 {
			t.Skip("root reads everything")
		}
		s := newSite(t, "")
		s.check(os.Chmod(s.at("gophersnake.toml"), 0))
		s.fails(2, "gophersnake: gophersnake.toml: permission denied\n", "check")
	})
	t.Run("deep", func(t *testing.T) {
		s := newSite(t, "x = "+strings.Repeat("[", 100_000))
		s.fails(2, "gophersnake: gophersnake.toml:1:10005: not TOML: arrays and inline tables are nested more than the maximum of 10000 levels deep\n", "check")
	})
}

// C06, C12 to C14: other tools' lock files and our own.
func TestBadLock(t *testing.T) {
	t.Parallel()
	const config = imageTable + "[conda]\nlock = \"explicit.txt\"\n"
	sha := strings.Repeat("0", 64)
	for _, tt := range []struct {
		name, explicit string
		code           int
		want           string
	}{
		{"C06 name with slash", "@EXPLICIT\nchan/noarch/..%2fx-1-0.conda#" + sha + "\n", 6, "gophersnake: explicit.txt:2: file \"..%2fx-1-0.conda\" holds .., a space or a control character\n"},
		{"C06 parent", "@EXPLICIT\nhttps://h.test/noarch/../../x-1-0.conda#" + sha + "\n", 6, "gophersnake: explicit.txt:2: \"https://h.test/noarch/../../x-1-0.conda\" holds the path element \"..\"\n"},
		{"C06 build", "@EXPLICIT\nchan/noarch/x-1-...conda#" + sha + "\n", 6, "gophersnake: explicit.txt:2: file \"x-1-...conda\" holds .., a space or a control character\n"},
		{"C05 no package", "@EXPLICIT\nchan/noarch/readme.txt#" + sha + "\n", 2, "gophersnake: explicit.txt:2: file \"readme.txt\" does not end in .conda or .tar.bz2\n"},
		{"no marker", "chan/noarch/x-1-0.conda\n", 2, "gophersnake: explicit.txt: no line says @EXPLICIT\nhint: a list of match specifications belongs in dependencies; `conda list --explicit` writes an explicit file\n"},
		{"hash", "@EXPLICIT\nchan/noarch/x-1-0.conda#abc\n", 2, "gophersnake: explicit.txt:2: hash \"abc\" is neither 32 (MD5) nor 64 (SHA-256) lower-case hex digits\n"},
		{"twice", "@EXPLICIT\nchan/noarch/x-1-0.conda#" + sha + "\nchan/noarch/x-2-0.conda#" + sha + "\n", 2, "gophersnake: explicit.txt:3: package \"x\" is listed twice for linux/amd64, first in line 2\n"},
		{"variable", "@EXPLICIT\n$CHANNEL/noarch/x-1-0.conda\n", 2, "gophersnake: explicit.txt:2: \"$CHANNEL/noarch/x-1-0.conda\" holds a variable, which is not expanded\nhint: write the URL itself; credentials belong in the configuration\n"},
		{"scheme", "@EXPLICIT\nftp://h.test/noarch/x-1-0.conda#" + sha + "\n", 2, "gophersnake: explicit.txt:2: \"ftp://h.test/noarch/x-1-0.conda\" has the scheme \"ftp\", which is not https, http, oci or file\n"},
		{"C14 other platform", "@EXPLICIT\nchan/linux-aarch64/x-1-0.conda#" + sha + "\n", 3, "gophersnake: explicit.txt:2: package \"x\" is for linux-aarch64, not for linux-64\n"},
		{"C14 other platform in comment", "# platform: osx-arm64\n@EXPLICIT\nchan/noarch/x-1-0.conda#" + sha + "\n", 3, "gophersnake: explicit.txt:1: file is for osx-arm64, not for linux-64\n"},
		{"C14 nothing for it", "@EXPLICIT\n", 3, "gophersnake: explicit.txt: no package for linux-64\nhint: lock for linux-64 too, or take linux/amd64 out of [image] platforms\n"},
		{"no file", "@EXPLICIT\nchan/noarch/x-1-0.conda#" + sha + "\n", 7, "gophersnake: chan/noarch/x-1-0.conda: no such file or directory\n"},
		{"secret in URL", "@EXPLICIT\nhttps://me:secret@h.test/t/secret/noarch/x 1-0.conda\n", 6, "gophersnake: explicit.txt:2: \"https://h.test/noarch/x 1-0.conda\" holds the path element \"x%201-0.conda\"\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, config)
			s.write("explicit.txt", tt.explicit)
			s.fails(tt.code, tt.want, "lock")
			s.absent(lockName)
		})
	}
}

// C12, C13: our own lock, edited or older than what it names.
func TestBadOwnLock(t *testing.T) {
	t.Parallel()
	const config = imageTable + "[conda]\nlock = \"chan/noarch.txt\"\n"
	sha := strings.Repeat("0", 64)
	for _, tt := range []struct {
		name, old, with string
		code            int
		want            string
	}{
		{"C13 not TOML", "[[conda]]", "[[conda]", 2, "gophersnake: gophersnake.lock:7:8: expected ']]' to close array table name\nhint: restore the file from version control, or delete it and run gophersnake lock\n"},
		{"C13 newer version", "version = 1\nlayer", "version = 2\nlayer", 2, "gophersnake: gophersnake.lock:3:1: version 2 is newer than this tool knows (1)\nhint: use the gophersnake that wrote the lock, or a newer one\n"},
		{"C13 newer layers", "layer-format = 1", "layer-format = 2", 2, "gophersnake: gophersnake.lock:4:1: layer-format 2 is newer than this tool knows (1)\nhint: use the gophersnake that wrote the lock, or a newer one\n"},
		{"C13 merge marks", "[[conda]]", "<<<<<<< ours\n[[conda]]", 2, "gophersnake: gophersnake.lock:7: lock has merge marks\nhint: run gophersnake lock\n"},
		{"C13 unknown key", "build = ", "buidl = ", 2, "gophersnake: gophersnake.lock:12:1: unknown key \"conda.buidl\"\nhint: restore the file from version control, or delete it and run gophersnake lock\n"},
		{"C13 size", "size = ", "size = -", 2, "gophersnake: gophersnake.lock:17:1: package \"app\": size -910 is negative\nhint: restore the file from version control, or delete it and run gophersnake lock\n"},
		{"C13 hash", "sha256 = \"", "sha256 = \"x", 2, "gophersnake: gophersnake.lock:16:1: package \"app\": sha256 \"x50fb7230fbd3d49b360411d20a3ecb898af0e1a27f501bd1da7f739abb7e23a6\" is not 64 lower-case hex digits\nhint: restore the file from version control, or delete it and run gophersnake lock\n"},
		{"C13 platform", "\"linux/amd64\"", "\"linux/amd46\"", 2, "gophersnake: gophersnake.lock:9:14: platform \"linux/amd46\" is not one of linux/amd64, linux/arm64, darwin/amd64, darwin/arm64, windows/amd64, windows/arm64\nhint: restore the file from version control, or delete it and run gophersnake lock\n"},
		{"C05 URL leaves its channel", "url = \"chan/noarch/app", "url = \"chan/noarch/..\\u0000app", 6, "gophersnake: gophersnake.lock:15:1: package \"app\": url \"chan/noarch/..\\x00app-1.0-0.conda\" holds a control character\n"},
		{"C06 name", "name = \"app\"", "name = \"../app\"", 6, "gophersnake: gophersnake.lock:10:1: package \"../app\": name \"../app\" holds a path\n"},
		{"C13 no plan", "[[plan]]\nenvs = [\"default\"]\npackages = [\"app\"]\n", "", 2, "gophersnake: gophersnake.lock: package \"app\" is in no group of the plan\nhint: run gophersnake lock --replan\n"},
		{"C12 size differs", "size = ", "size = 1", 6, "gophersnake: chan/noarch/app-1.0-0.conda: 910 bytes, want 1910\n"},
		{"C12 sha256 differs", "sha256 = \"", "sha256 = \"" + sha + "\" #", 6, "gophersnake: chan/noarch/app-1.0-0.conda: sha256 is 50fb7230fbd3d49b360411d20a3ecb898af0e1a27f501bd1da7f739abb7e23a6, want 0000000000000000000000000000000000000000000000000000000000000000\nhint: the file was changed at its source or on its way; do not use it before you know why\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, config)
			s.channel("chan", channeltest.Options{}, simple("app", "1.0", "app"))
			s.ok("lock", "-q")
			s.ok("cache", "prune")
			text := s.read(lockName)
			if !strings.Contains(text, tt.old) {
				t.Fatalf("no %q in the lock\n%s", tt.old, text)
			}
			text = strings.Replace(text, tt.old, tt.with, 1)
			s.write(lockName, text)
			s.fails(tt.code, tt.want, "build", "-o", "oci:image", "-o", "oci-archive:image.tar")
			s.absent("image/index.json", "image.tar")
			if s.read(lockName) != text {
				t.Error("the lock was written")
			}
		})
	}
}

// C12: a package that is served with other bytes than the lock file says.
func TestOtherBytes(t *testing.T) {
	t.Parallel()
	s := newSite(t, imageTable+"[conda]\nlock = \"chan/noarch.txt\"\n")
	good := s.channel("chan", channeltest.Options{}, simple("app", "1.0", "app"))[0]
	bad := s.channel("other", channeltest.Options{}, simple("app", "1.0", "another app"))[0]
	s.write("chan/"+good.Path(), string(bad.Data))
	s.fails(6, "gophersnake: chan/noarch/app-1.0-0.conda: sha256 is "+bad.SHA256+", want "+good.SHA256+
		"\nhint: the file was changed at its source or on its way; do not use it before you know why\n", "lock")
	s.absent(lockName)
	s.write("chan/"+good.Path(), string(good.Data))
	s.ok("lock", "-q")
	s.ok("cache", "prune")
	s.write("chan/"+good.Path(), string(bad.Data))
	s.fails(6, fmt.Sprintf("gophersnake: chan/noarch/app-1.0-0.conda: more than the wanted %d bytes\n", len(good.Data)), "build", "-o", "oci:image")
	s.absent("image/index.json")
}
