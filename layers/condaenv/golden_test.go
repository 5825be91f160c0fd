package condaenv_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/channeltest"
	"github.com/gophersnake/gophersnake/layers/condaenv"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/tree"
)

// quickstart returns the packages of the quickstart's channel.
func quickstart(t *testing.T, a *archives) []lock.Conda {
	t.Helper()
	const dir = "../../examples/quickstart"
	text, err := os.ReadFile(dir + "/gophersnake.lock")
	must(t, err)
	l, err := lock.Unmarshal("gophersnake.lock", text)
	must(t, err)
	for _, p := range l.Conda {
		data, err := os.ReadFile(dir + "/" + p.URL)
		must(t, err)
		if a.data == nil {
			a.data = map[string][]byte{}
		}
		a.data[p.SHA256] = data
	}
	return l.Conda
}

// TestGolden pins the bytes of layer format 1.
func TestGolden(t *testing.T) {
	var got strings.Builder
	for _, c := range []tree.Compression{tree.Gzip, tree.Zstd} {
		real, synthetic := &archives{}, &archives{}
		for _, tc := range []struct {
			name     string
			archives *archives
			packages []lock.Conda
		}{
			{"real", real, quickstart(t, real)},
			{"synthetic", synthetic, []lock.Conda{synthetic.add(python("linux-64")), synthetic.add(lib("linux-64")), synthetic.add(tool())}},
		} {
			e := condaenv.Env{
				Platform: amd64, Prefix: "/opt/conda", Base: &lock.Facts{}, Archives: tc.archives, Compression: c,
				Packages: tc.packages, Groups: []lock.Group{{}}, Specs: []string{"tool"},
			}
			for _, p := range e.Packages {
				e.Groups[0].Packages = append(e.Groups[0].Packages, p.Name)
			}
			for _, l := range mustLayers(t, e) {
				m := makeLayer(t, l, c)
				fmt.Fprintf(&got, "%s %s %v\n  key      %s\n  digest   %s\n  diff-id  %s\n", tc.name, l.Kind, c, m.Key, m.Content, m.Tar)
				for i, key := range m.FragmentKeys {
					fmt.Fprintf(&got, "  fragment %s\n    digest %s\n", key, m.Fragments[i])
				}
			}
		}
	}
	if diff := cmp.Diff(golden, got.String()); diff != "" {
		t.Errorf("-want +got:\n%s\n%s", diff, got.String())
	}
}

const golden = `real conda gzip
  key      sha256:b93c457b892b4f8cba7dce2374829137bf030c82176c3ef4e0b318585f1ea0fd
  digest   b45071a64f88bae4e5a159ca98f8aaa57f4749df28d12519eb29e63ad891b39d
  diff-id  66631401e4fcbc3babf087472b8d3a993387cd595d3f76f0904f614b934acbb6
  fragment sha256:0c22c6a8be0b1c4b547304a29fdb45bce2bc8f60d22c3b490a9949103c10a670
    digest 4ab2140c0285262dac5bee7da56120c70a695773a00d9e97c1e0c852e051c29d
  fragment sha256:f26ff03430ee13f40825bb89214eacee14a4b0c8107cbf57a74648921080e4d7
    digest 6ba7ef118db7125426acf4379939352b6247231cd6bb5d7c9ca008b97379ada3
real env gzip
  key      sha256:a7b59984e55f05cf59cb29f2c6149e584a1f0e9e6a78ec87daff2ede4dcf4914
  digest   c5d5c4e1c5141a833e0e63c0ce146f2d6df608f3fac05920367192d3d879cb15
  diff-id  e3d5279982d766af861efcea5a506f2b3072ea3d4eb8e34731bb7374a3862e7e
  fragment sha256:a7b59984e55f05cf59cb29f2c6149e584a1f0e9e6a78ec87daff2ede4dcf4914
    digest 41e4fdb16f3bd31f10ff7cdccc4f780a028bce529eec8f3ca44334fd02874a40
synthetic conda gzip
  key      sha256:6203a3035c33c86df82b9945490708d604379f6fa8ea9e8a24dd469e1ce2aca7
  digest   fb74b5605415cb4db4cf04c9834f5e856aa997e6a2d39d3d313ce5bf0af9c822
  diff-id  a6a19793492096fc1847fc6b7eb4bcfbdd6e0ee59e6e747cf50fa863fda08a1a
  fragment sha256:a84de3986348dea37c354d4e255cc897c00ae4dca3f5651ece1df059a1bf551c
    digest 344e5c0cc5c238f8da0a7280c4874b6fdec1a5c12b297aaac906e9c321d876cd
  fragment sha256:127e8e29454bc9d7e81ee1581a63fa2a7f4307c916bd5304cecfdd52e2d42567
    digest 8e34ac1fae0246e855cdae84f5dc2d4e7dea204f33a420ab6a27579fe5ea6268
  fragment sha256:4fc5a0896d2412131085d88bdd3047679f4e457b1fbf98b73cf39d6902ecc9eb
    digest d07f85da7b1a6d581de9de0a7fb5096e57e0d3c2cee25f1a00d6d7f3b96fe0d5
synthetic env gzip
  key      sha256:c9e213d180c52e4eba69af0c25c1592dc79aa4247d62dbdca35a9aa27ece80e5
  digest   68428695afc27b501a4d14f98a3ecde4fee158edf8419f40e0b08a287333717b
  diff-id  c9ac45d3c3440193e6d6c70e92f3ab9dec6779efb7b662a4297b50524f39642b
  fragment sha256:c9e213d180c52e4eba69af0c25c1592dc79aa4247d62dbdca35a9aa27ece80e5
    digest e13326c3792f2e5accef3330b5a6ca4b2d9da665f73c662f7a7b8ee2e50b5237
real conda zstd
  key      sha256:ef8b03c46adb8960d80582f3535c665f05f0b5deb09af9f630c0355f323286aa
  digest   abdd920461c90448f3e99e58889c91f613318bf086e3d774b993185b5f55e97a
  diff-id  66631401e4fcbc3babf087472b8d3a993387cd595d3f76f0904f614b934acbb6
  fragment sha256:0c22c6a8be0b1c4b547304a29fdb45bce2bc8f60d22c3b490a9949103c10a670
    digest f61bd925d14f51c8247e854e4659935788eadd08c37fa6f09f17e22d3d79246a
  fragment sha256:f26ff03430ee13f40825bb89214eacee14a4b0c8107cbf57a74648921080e4d7
    digest dc64e7b9b03c1611995abb6405ca7e4490de36f13acb868fbe61f87fe07fa796
real env zstd
  key      sha256:ca2ac0fc990345959a387c0a3cbb69a136ea677263e35c85b147da3ebfbadcb7
  digest   bb4c9441550ca54031b0ff37c0499aa0a754f5574c85018de6b669bdd4eb4b24
  diff-id  e3d5279982d766af861efcea5a506f2b3072ea3d4eb8e34731bb7374a3862e7e
  fragment sha256:ca2ac0fc990345959a387c0a3cbb69a136ea677263e35c85b147da3ebfbadcb7
    digest 629fd5ff1334b5325d1164c2fd5f77f411b2b194aaa3e6ef0573e9587c1b964b
synthetic conda zstd
  key      sha256:015d03966d9e91e8e852deb206b8c766a2179f592cbc5e96d9d57bf41229e4ef
  digest   c82a0d51a55b774e85e320e0008c0c3cd20b07bcca827ee502656159f4c8f5b7
  diff-id  a6a19793492096fc1847fc6b7eb4bcfbdd6e0ee59e6e747cf50fa863fda08a1a
  fragment sha256:a84de3986348dea37c354d4e255cc897c00ae4dca3f5651ece1df059a1bf551c
    digest fde8ae0a4256f585e98c6cd46fa41ab2c2e6a629139b4fd9f93d38d4bc1a04c2
  fragment sha256:127e8e29454bc9d7e81ee1581a63fa2a7f4307c916bd5304cecfdd52e2d42567
    digest b0d5d588c880e9e74152b0e009a7953668091bcb8a1bd53976569c849a5c5fd7
  fragment sha256:4fc5a0896d2412131085d88bdd3047679f4e457b1fbf98b73cf39d6902ecc9eb
    digest 841295df6f41140c3b63806bc55ed906af50a97197d4b259710a44fe7ae14d4c
synthetic env zstd
  key      sha256:f520fec6227a5dac1efd3ec625be97f6b0575da8a250b1669f0f46750150a615
  digest   f5ff1cc9d6c308a8cda8adc9044278e0b8b4295455ba8b37478dc3ce1b829495
  diff-id  c9ac45d3c3440193e6d6c70e92f3ab9dec6779efb7b662a4297b50524f39642b
  fragment sha256:f520fec6227a5dac1efd3ec625be97f6b0575da8a250b1669f0f46750150a615
    digest bcace6a125f6fb3de7f449c99d0089964a8f56d156c2527b24b0e0cc39bbb629
`

// TestPlaceholder keeps the length that the goldens are made with.
func TestPlaceholder(t *testing.T) {
	if len(channeltest.Placeholder) != 255 {
		t.Errorf("placeholder has %d bytes", len(channeltest.Placeholder))
	}
}
