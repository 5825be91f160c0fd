# The Go of this environment, by gophersnake. Sourced by conda, mamba and micromamba.
if [ "${__GOPHERSNAKE_7ea168d9_ACTIVE:-}" != on ]; then
  __gophersnake_7ea168d9_exported=$(\export -p)
  if [ "${GOROOT+set}" = set ]; then
    case "$__gophersnake_7ea168d9_exported" in
      *"export GOROOT="* | *"declare -x GOROOT="* | *"typeset -x GOROOT="*) \export __GOPHERSNAKE_7ea168d9_GOROOT="$GOROOT" ;;
      *) __gophersnake_7ea168d9_GOROOT=$GOROOT ;;
    esac
  fi
  if [ "${GOPATH+set}" = set ]; then
    case "$__gophersnake_7ea168d9_exported" in
      *"export GOPATH="* | *"declare -x GOPATH="* | *"typeset -x GOPATH="*) \export __GOPHERSNAKE_7ea168d9_GOPATH="$GOPATH" ;;
      *) __gophersnake_7ea168d9_GOPATH=$GOPATH ;;
    esac
  fi
  if [ "${GOFLAGS+set}" = set ]; then
    case "$__gophersnake_7ea168d9_exported" in
      *"export GOFLAGS="* | *"declare -x GOFLAGS="* | *"typeset -x GOFLAGS="*) \export __GOPHERSNAKE_7ea168d9_GOFLAGS="$GOFLAGS" ;;
      *) __gophersnake_7ea168d9_GOFLAGS=$GOFLAGS ;;
    esac
  fi
  if [ "${CGO_ENABLED+set}" = set ]; then
    case "$__gophersnake_7ea168d9_exported" in
      *"export CGO_ENABLED="* | *"declare -x CGO_ENABLED="* | *"typeset -x CGO_ENABLED="*) \export __GOPHERSNAKE_7ea168d9_CGO_ENABLED="$CGO_ENABLED" ;;
      *) __gophersnake_7ea168d9_CGO_ENABLED=$CGO_ENABLED ;;
    esac
  fi
  if [ "${GOBIN+set}" = set ]; then
    case "$__gophersnake_7ea168d9_exported" in
      *"export GOBIN="* | *"declare -x GOBIN="* | *"typeset -x GOBIN="*) \export __GOPHERSNAKE_7ea168d9_GOBIN="$GOBIN" ;;
      *) __gophersnake_7ea168d9_GOBIN=$GOBIN ;;
    esac
  fi
  \unset -v __gophersnake_7ea168d9_exported
  \export __GOPHERSNAKE_7ea168d9_ACTIVE=on
  case ":$PATH:" in
    *":$CONDA_PREFIX/bin:"*) __gophersnake_7ea168d9_path=:${PATH%%"$CONDA_PREFIX/bin"*} ;;
    *) __gophersnake_7ea168d9_path=: ;;
  esac
  __gophersnake_7ea168d9_dir='/one/go/bin'
  case "$__gophersnake_7ea168d9_path" in
    *":$__gophersnake_7ea168d9_dir:"*) ;;
    *) \export PATH="$__gophersnake_7ea168d9_dir${PATH:+:$PATH}" ;;
  esac
  __gophersnake_7ea168d9_dir='/one/it'\''s/bin'
  case "$__gophersnake_7ea168d9_path" in
    *":$__gophersnake_7ea168d9_dir:"*) ;;
    *) \export PATH="$__gophersnake_7ea168d9_dir${PATH:+:$PATH}" ;;
  esac
  \unset -v __gophersnake_7ea168d9_dir __gophersnake_7ea168d9_path
fi
\unset -v GOROOT
\export GOPATH='/one/go'
\export GOFLAGS='-mod=mod '\''x'\'' 100% &'
\export CGO_ENABLED='0'
\export GOBIN='/one/go/bin'
