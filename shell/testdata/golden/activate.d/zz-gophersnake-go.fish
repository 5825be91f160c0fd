# The Go of this environment, by gophersnake. Sourced by conda, mamba and micromamba.
if test "$__GOPHERSNAKE_7ea168d9_ACTIVE" != on
    if set -qgx GOROOT
        set -gx __GOPHERSNAKE_7ea168d9_GOROOT "$GOROOT"
    else if set -qg GOROOT
        set -g __gophersnake_7ea168d9_GOROOT $GOROOT
    end
    if set -qgx GOPATH
        set -gx __GOPHERSNAKE_7ea168d9_GOPATH "$GOPATH"
    else if set -qg GOPATH
        set -g __gophersnake_7ea168d9_GOPATH $GOPATH
    end
    if set -qgx GOFLAGS
        set -gx __GOPHERSNAKE_7ea168d9_GOFLAGS "$GOFLAGS"
    else if set -qg GOFLAGS
        set -g __gophersnake_7ea168d9_GOFLAGS $GOFLAGS
    end
    if set -qgx CGO_ENABLED
        set -gx __GOPHERSNAKE_7ea168d9_CGO_ENABLED "$CGO_ENABLED"
    else if set -qg CGO_ENABLED
        set -g __gophersnake_7ea168d9_CGO_ENABLED $CGO_ENABLED
    end
    if set -qgx GOBIN
        set -gx __GOPHERSNAKE_7ea168d9_GOBIN "$GOBIN"
    else if set -qg GOBIN
        set -g __gophersnake_7ea168d9_GOBIN $GOBIN
    end
    set -gx __GOPHERSNAKE_7ea168d9_ACTIVE on
    set -l at (contains -i -- "$CONDA_PREFIX/bin" $PATH; or echo 1)
    contains -- '/one/go/bin' $PATH[1..$at]; or set -gx PATH '/one/go/bin' $PATH
    set -l at (contains -i -- "$CONDA_PREFIX/bin" $PATH; or echo 1)
    contains -- '/one/it\'s/bin' $PATH[1..$at]; or set -gx PATH '/one/it\'s/bin' $PATH
end
set -eg GOROOT
set -eg GOPATH
set -gx GOPATH '/one/go'
set -eg GOFLAGS
set -gx GOFLAGS '-mod=mod \'x\' 100% &'
set -eg CGO_ENABLED
set -gx CGO_ENABLED '0'
set -eg GOBIN
set -gx GOBIN '/one/go/bin'
