# The Go of this environment, by gophersnake. Sourced by conda, mamba and micromamba.
if test "$__GOPHERSNAKE_e175bd6e_ACTIVE" = on
    set -eg GOROOT
    if set -qg __GOPHERSNAKE_e175bd6e_GOROOT
        set -qx GOROOT; and test "$GOROOT" = "$__GOPHERSNAKE_e175bd6e_GOROOT"; or set -gx GOROOT "$__GOPHERSNAKE_e175bd6e_GOROOT"
        set -eg __GOPHERSNAKE_e175bd6e_GOROOT
    else if set -qg __gophersnake_e175bd6e_GOROOT
        set -g GOROOT $__gophersnake_e175bd6e_GOROOT
        set -eg __gophersnake_e175bd6e_GOROOT
    end
    set -eg GOPATH
    if set -qg __GOPHERSNAKE_e175bd6e_GOPATH
        set -qx GOPATH; and test "$GOPATH" = "$__GOPHERSNAKE_e175bd6e_GOPATH"; or set -gx GOPATH "$__GOPHERSNAKE_e175bd6e_GOPATH"
        set -eg __GOPHERSNAKE_e175bd6e_GOPATH
    else if set -qg __gophersnake_e175bd6e_GOPATH
        set -g GOPATH $__gophersnake_e175bd6e_GOPATH
        set -eg __gophersnake_e175bd6e_GOPATH
    end
    set -eg GOFLAGS
    if set -qg __GOPHERSNAKE_e175bd6e_GOFLAGS
        set -qx GOFLAGS; and test "$GOFLAGS" = "$__GOPHERSNAKE_e175bd6e_GOFLAGS"; or set -gx GOFLAGS "$__GOPHERSNAKE_e175bd6e_GOFLAGS"
        set -eg __GOPHERSNAKE_e175bd6e_GOFLAGS
    else if set -qg __gophersnake_e175bd6e_GOFLAGS
        set -g GOFLAGS $__gophersnake_e175bd6e_GOFLAGS
        set -eg __gophersnake_e175bd6e_GOFLAGS
    end
    set -eg CGO_ENABLED
    if set -qg __GOPHERSNAKE_e175bd6e_CGO_ENABLED
        set -qx CGO_ENABLED; and test "$CGO_ENABLED" = "$__GOPHERSNAKE_e175bd6e_CGO_ENABLED"; or set -gx CGO_ENABLED "$__GOPHERSNAKE_e175bd6e_CGO_ENABLED"
        set -eg __GOPHERSNAKE_e175bd6e_CGO_ENABLED
    else if set -qg __gophersnake_e175bd6e_CGO_ENABLED
        set -g CGO_ENABLED $__gophersnake_e175bd6e_CGO_ENABLED
        set -eg __gophersnake_e175bd6e_CGO_ENABLED
    end
    set -eg GOBIN
    if set -qg __GOPHERSNAKE_e175bd6e_GOBIN
        set -qx GOBIN; and test "$GOBIN" = "$__GOPHERSNAKE_e175bd6e_GOBIN"; or set -gx GOBIN "$__GOPHERSNAKE_e175bd6e_GOBIN"
        set -eg __GOPHERSNAKE_e175bd6e_GOBIN
    else if set -qg __gophersnake_e175bd6e_GOBIN
        set -g GOBIN $__gophersnake_e175bd6e_GOBIN
        set -eg __gophersnake_e175bd6e_GOBIN
    end
    if set -l at (contains -i -- '/one/it\'s/bin' $PATH)
        set -e PATH[$at]
    end
    if set -l at (contains -i -- '/one/go/bin' $PATH)
        set -e PATH[$at]
    end
    set -eg __GOPHERSNAKE_e175bd6e_ACTIVE
end
