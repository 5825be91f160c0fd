# The Go of this environment, by gophersnake. Sourced by conda, mamba and micromamba.
if test "$__GOPHERSNAKE_7ea168d9_ACTIVE" = on
    set -eg GOROOT
    if set -qg __GOPHERSNAKE_7ea168d9_GOROOT
        set -qx GOROOT; and test "$GOROOT" = "$__GOPHERSNAKE_7ea168d9_GOROOT"; or set -gx GOROOT "$__GOPHERSNAKE_7ea168d9_GOROOT"
        set -eg __GOPHERSNAKE_7ea168d9_GOROOT
    else if set -qg __gophersnake_7ea168d9_GOROOT
        set -g GOROOT $__gophersnake_7ea168d9_GOROOT
        set -eg __gophersnake_7ea168d9_GOROOT
    end
    set -eg GOPATH
    if set -qg __GOPHERSNAKE_7ea168d9_GOPATH
        set -qx GOPATH; and test "$GOPATH" = "$__GOPHERSNAKE_7ea168d9_GOPATH"; or set -gx GOPATH "$__GOPHERSNAKE_7ea168d9_GOPATH"
        set -eg __GOPHERSNAKE_7ea168d9_GOPATH
    else if set -qg __gophersnake_7ea168d9_GOPATH
        set -g GOPATH $__gophersnake_7ea168d9_GOPATH
        set -eg __gophersnake_7ea168d9_GOPATH
    end
    set -eg GOFLAGS
    if set -qg __GOPHERSNAKE_7ea168d9_GOFLAGS
        set -qx GOFLAGS; and test "$GOFLAGS" = "$__GOPHERSNAKE_7ea168d9_GOFLAGS"; or set -gx GOFLAGS "$__GOPHERSNAKE_7ea168d9_GOFLAGS"
        set -eg __GOPHERSNAKE_7ea168d9_GOFLAGS
    else if set -qg __gophersnake_7ea168d9_GOFLAGS
        set -g GOFLAGS $__gophersnake_7ea168d9_GOFLAGS
        set -eg __gophersnake_7ea168d9_GOFLAGS
    end
    set -eg CGO_ENABLED
    if set -qg __GOPHERSNAKE_7ea168d9_CGO_ENABLED
        set -qx CGO_ENABLED; and test "$CGO_ENABLED" = "$__GOPHERSNAKE_7ea168d9_CGO_ENABLED"; or set -gx CGO_ENABLED "$__GOPHERSNAKE_7ea168d9_CGO_ENABLED"
        set -eg __GOPHERSNAKE_7ea168d9_CGO_ENABLED
    else if set -qg __gophersnake_7ea168d9_CGO_ENABLED
        set -g CGO_ENABLED $__gophersnake_7ea168d9_CGO_ENABLED
        set -eg __gophersnake_7ea168d9_CGO_ENABLED
    end
    set -eg GOBIN
    if set -qg __GOPHERSNAKE_7ea168d9_GOBIN
        set -qx GOBIN; and test "$GOBIN" = "$__GOPHERSNAKE_7ea168d9_GOBIN"; or set -gx GOBIN "$__GOPHERSNAKE_7ea168d9_GOBIN"
        set -eg __GOPHERSNAKE_7ea168d9_GOBIN
    else if set -qg __gophersnake_7ea168d9_GOBIN
        set -g GOBIN $__gophersnake_7ea168d9_GOBIN
        set -eg __gophersnake_7ea168d9_GOBIN
    end
    if set -l at (contains -i -- '/one/it\'s/bin' $PATH)
        set -e PATH[$at]
    end
    if set -l at (contains -i -- '/one/go/bin' $PATH)
        set -e PATH[$at]
    end
    set -eg __GOPHERSNAKE_7ea168d9_ACTIVE
end
