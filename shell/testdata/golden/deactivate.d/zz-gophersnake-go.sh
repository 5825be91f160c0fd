# The Go of this environment, by gophersnake. Sourced by conda, mamba and micromamba.
if [ "${__GOPHERSNAKE_e175bd6e_ACTIVE:-}" = on ]; then
  \unset -v GOROOT
  if [ "${__GOPHERSNAKE_e175bd6e_GOROOT+set}" = set ]; then
    \export GOROOT="$__GOPHERSNAKE_e175bd6e_GOROOT"
  elif [ "${__gophersnake_e175bd6e_GOROOT+set}" = set ]; then
    GOROOT=$__gophersnake_e175bd6e_GOROOT
  fi
  \unset -v __GOPHERSNAKE_e175bd6e_GOROOT __gophersnake_e175bd6e_GOROOT
  \unset -v GOPATH
  if [ "${__GOPHERSNAKE_e175bd6e_GOPATH+set}" = set ]; then
    \export GOPATH="$__GOPHERSNAKE_e175bd6e_GOPATH"
  elif [ "${__gophersnake_e175bd6e_GOPATH+set}" = set ]; then
    GOPATH=$__gophersnake_e175bd6e_GOPATH
  fi
  \unset -v __GOPHERSNAKE_e175bd6e_GOPATH __gophersnake_e175bd6e_GOPATH
  \unset -v GOFLAGS
  if [ "${__GOPHERSNAKE_e175bd6e_GOFLAGS+set}" = set ]; then
    \export GOFLAGS="$__GOPHERSNAKE_e175bd6e_GOFLAGS"
  elif [ "${__gophersnake_e175bd6e_GOFLAGS+set}" = set ]; then
    GOFLAGS=$__gophersnake_e175bd6e_GOFLAGS
  fi
  \unset -v __GOPHERSNAKE_e175bd6e_GOFLAGS __gophersnake_e175bd6e_GOFLAGS
  \unset -v CGO_ENABLED
  if [ "${__GOPHERSNAKE_e175bd6e_CGO_ENABLED+set}" = set ]; then
    \export CGO_ENABLED="$__GOPHERSNAKE_e175bd6e_CGO_ENABLED"
  elif [ "${__gophersnake_e175bd6e_CGO_ENABLED+set}" = set ]; then
    CGO_ENABLED=$__gophersnake_e175bd6e_CGO_ENABLED
  fi
  \unset -v __GOPHERSNAKE_e175bd6e_CGO_ENABLED __gophersnake_e175bd6e_CGO_ENABLED
  \unset -v GOBIN
  if [ "${__GOPHERSNAKE_e175bd6e_GOBIN+set}" = set ]; then
    \export GOBIN="$__GOPHERSNAKE_e175bd6e_GOBIN"
  elif [ "${__gophersnake_e175bd6e_GOBIN+set}" = set ]; then
    GOBIN=$__gophersnake_e175bd6e_GOBIN
  fi
  \unset -v __GOPHERSNAKE_e175bd6e_GOBIN __gophersnake_e175bd6e_GOBIN
  __gophersnake_e175bd6e_dir='/one/it'\''s/bin'
  __gophersnake_e175bd6e_path=:$PATH:
  case "$__gophersnake_e175bd6e_path" in
    *":$__gophersnake_e175bd6e_dir:"*)
      __gophersnake_e175bd6e_path=${__gophersnake_e175bd6e_path%%":$__gophersnake_e175bd6e_dir:"*}:${__gophersnake_e175bd6e_path#*":$__gophersnake_e175bd6e_dir:"}
      PATH=${__gophersnake_e175bd6e_path#:}
      PATH=${PATH%:}
      ;;
  esac
  __gophersnake_e175bd6e_dir='/one/go/bin'
  __gophersnake_e175bd6e_path=:$PATH:
  case "$__gophersnake_e175bd6e_path" in
    *":$__gophersnake_e175bd6e_dir:"*)
      __gophersnake_e175bd6e_path=${__gophersnake_e175bd6e_path%%":$__gophersnake_e175bd6e_dir:"*}:${__gophersnake_e175bd6e_path#*":$__gophersnake_e175bd6e_dir:"}
      PATH=${__gophersnake_e175bd6e_path#:}
      PATH=${PATH%:}
      ;;
  esac
  \unset -v __gophersnake_e175bd6e_dir __gophersnake_e175bd6e_path
  \unset -v __GOPHERSNAKE_e175bd6e_ACTIVE
fi
