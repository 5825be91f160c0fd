# The Go of this environment, by gophersnake. Sourced by conda, mamba and micromamba.
if [ "${__GOPHERSNAKE_7ea168d9_ACTIVE:-}" = on ]; then
  \unset -v GOROOT
  if [ "${__GOPHERSNAKE_7ea168d9_GOROOT+set}" = set ]; then
    \export GOROOT="$__GOPHERSNAKE_7ea168d9_GOROOT"
  elif [ "${__gophersnake_7ea168d9_GOROOT+set}" = set ]; then
    GOROOT=$__gophersnake_7ea168d9_GOROOT
  fi
  \unset -v __GOPHERSNAKE_7ea168d9_GOROOT __gophersnake_7ea168d9_GOROOT
  \unset -v GOPATH
  if [ "${__GOPHERSNAKE_7ea168d9_GOPATH+set}" = set ]; then
    \export GOPATH="$__GOPHERSNAKE_7ea168d9_GOPATH"
  elif [ "${__gophersnake_7ea168d9_GOPATH+set}" = set ]; then
    GOPATH=$__gophersnake_7ea168d9_GOPATH
  fi
  \unset -v __GOPHERSNAKE_7ea168d9_GOPATH __gophersnake_7ea168d9_GOPATH
  \unset -v GOFLAGS
  if [ "${__GOPHERSNAKE_7ea168d9_GOFLAGS+set}" = set ]; then
    \export GOFLAGS="$__GOPHERSNAKE_7ea168d9_GOFLAGS"
  elif [ "${__gophersnake_7ea168d9_GOFLAGS+set}" = set ]; then
    GOFLAGS=$__gophersnake_7ea168d9_GOFLAGS
  fi
  \unset -v __GOPHERSNAKE_7ea168d9_GOFLAGS __gophersnake_7ea168d9_GOFLAGS
  \unset -v CGO_ENABLED
  if [ "${__GOPHERSNAKE_7ea168d9_CGO_ENABLED+set}" = set ]; then
    \export CGO_ENABLED="$__GOPHERSNAKE_7ea168d9_CGO_ENABLED"
  elif [ "${__gophersnake_7ea168d9_CGO_ENABLED+set}" = set ]; then
    CGO_ENABLED=$__gophersnake_7ea168d9_CGO_ENABLED
  fi
  \unset -v __GOPHERSNAKE_7ea168d9_CGO_ENABLED __gophersnake_7ea168d9_CGO_ENABLED
  \unset -v GOBIN
  if [ "${__GOPHERSNAKE_7ea168d9_GOBIN+set}" = set ]; then
    \export GOBIN="$__GOPHERSNAKE_7ea168d9_GOBIN"
  elif [ "${__gophersnake_7ea168d9_GOBIN+set}" = set ]; then
    GOBIN=$__gophersnake_7ea168d9_GOBIN
  fi
  \unset -v __GOPHERSNAKE_7ea168d9_GOBIN __gophersnake_7ea168d9_GOBIN
  __gophersnake_7ea168d9_dir='/one/it'\''s/bin'
  __gophersnake_7ea168d9_path=:$PATH:
  case "$__gophersnake_7ea168d9_path" in
    *":$__gophersnake_7ea168d9_dir:"*)
      __gophersnake_7ea168d9_path=${__gophersnake_7ea168d9_path%%":$__gophersnake_7ea168d9_dir:"*}:${__gophersnake_7ea168d9_path#*":$__gophersnake_7ea168d9_dir:"}
      PATH=${__gophersnake_7ea168d9_path#:}
      PATH=${PATH%:}
      ;;
  esac
  __gophersnake_7ea168d9_dir='/one/go/bin'
  __gophersnake_7ea168d9_path=:$PATH:
  case "$__gophersnake_7ea168d9_path" in
    *":$__gophersnake_7ea168d9_dir:"*)
      __gophersnake_7ea168d9_path=${__gophersnake_7ea168d9_path%%":$__gophersnake_7ea168d9_dir:"*}:${__gophersnake_7ea168d9_path#*":$__gophersnake_7ea168d9_dir:"}
      PATH=${__gophersnake_7ea168d9_path#:}
      PATH=${PATH%:}
      ;;
  esac
  \unset -v __gophersnake_7ea168d9_dir __gophersnake_7ea168d9_path
  \unset -v __GOPHERSNAKE_7ea168d9_ACTIVE
fi
