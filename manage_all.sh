#!/usr/bin/env bash
# The one entry point: makes .venv, installs what the verb needs, hands over to compose/local.
set -euo pipefail

self=${BASH_SOURCE[0]}
while [ -L "$self" ]; do # called through a symbolic link, perhaps a relative one
  folder=$(cd -P "$(dirname "$self")" && pwd)
  self=$(readlink "$self")
  case $self in /*) ;; *) self=$folder/$self ;; esac
done
cd -P "$(dirname "$self")"

# Nothing of another virtual environment or another install target may leak in; where packages
# come from (index, proxy, certificates) stays the caller's business.
unset VIRTUAL_ENV PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONSAFEPATH __PYVENV_LAUNCHER__ \
  PIP_TARGET PIP_PREFIX PIP_ROOT PIP_USER PIP_REQUIREMENT PIP_CONSTRAINT PIP_PYTHON PIP_DRY_RUN \
  PIP_REQUIRE_VIRTUALENV UV_PROJECT_ENVIRONMENT UV_SYSTEM_PYTHON UV_TARGET UV_PREFIX UV_CONSTRAINT

fail() {
  printf 'manage_all.sh: %s\n' "$1" >&2
  exit 1
}

find_python() {
  local candidate
  for candidate in python3.11 python3 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  fail "Python 3.11 was not found as python3.11 or python3; install it and try again"
}

java_is_missing() {
  local java=java version
  if [ -n "${JAVA_HOME:-}" ]; then java=$JAVA_HOME/bin/java; fi
  version=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1) || true
  [ "${version:-0}" -lt 17 ]
}

# The requirement sets of a verb, in the order they were compiled in.
sets_of() {
  printf 'base\nlocal\n'
  case $1 in
    test) printf 'test\nbrowser\n' ;;
    chaos | bench | fuzz) printf 'test\n' ;;
    lint | requirements) printf 'test\ndev\n' ;;
  esac
  if [ -z "${KAFKA_BOOTSTRAP_SERVERS:-}" ] && java_is_missing; then echo java; fi
}

make_venv() {
  if .venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    return
  fi
  local python
  python=$(find_python)
  rm -rf .venv
  "$python" -m venv .venv || fail "no virtual environment could be made; on Debian: apt install python3.11-venv"
}

# .venv/installed holds the requirement files as they were installed: a change of any byte, or a
# set this .venv did not have yet, installs again. $1: the sets the verb needs.
is_installed() {
  local set
  [ -x .venv/bin/python ] || return 1
  for set in $1; do grep -qx "$set" .venv/sets 2>/dev/null || return 1; done
  # shellcheck disable=SC2046 # the names of sets have no spaces
  cat $(files_of .venv/sets) 2>/dev/null | cmp -s - .venv/installed
}

files_of() {
  sed 's|.*|requirements/&.txt|' "$1"
}

install() {
  local sets=$1 uv
  make_venv
  { cat .venv/sets 2>/dev/null || true; printf '%s\n' $sets; } | sort -u >.venv/sets.new
  # shellcheck disable=SC2207
  local files=($(files_of .venv/sets.new))
  [ -n "$quiet" ] || printf 'installing: %s\n' "$(tr '\n' ' ' <.venv/sets.new)" >&2
  [ -w "${HOME:-/nonexistent}" ] || export UV_NO_CACHE=1 PIP_NO_CACHE_DIR=1
  # As pip does by itself: the machine's certificates count, such as those of a company's proxy.
  export UV_NATIVE_TLS=${UV_NATIVE_TLS:-1} UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-1}
  uv=$(command -v uv || ls .venv/bin/uv 2>/dev/null) || true
  if ! { [ -n "$uv" ] &&
    "$uv" pip sync --quiet --require-hashes --python .venv/bin/python "${files[@]}"; }; then
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
      "${files[@]/#/--requirement=}"
  fi
  cat "${files[@]}" >.venv/installed.new
  mv .venv/sets.new .venv/sets
  mv .venv/installed.new .venv/installed
}

install_once() {
  if command -v flock >/dev/null; then # two verbs at the same moment
    mkdir -p .local
    exec 9>.local/install.lock
    flock 9
  fi
  is_installed "$1" || install "$1"
  exec 9>&-
}

verb='' quiet=''
for argument in "$@"; do
  case $argument in
    -h | --help) verb=help && break ;;
    -q | --quiet) quiet=1 ;;
    --) break ;;
    -*) ;;
    *) [ -z "$verb" ] && verb=$argument || break ;; # the rest is the verb's own
  esac
done

if [ -z "$verb" ] || [ "$verb" = help ]; then # help needs nothing but Python
  exec "$(find_python)" -m compose.local "$@"
fi
needed=$(sets_of "$verb")
is_installed "$needed" || install_once "$needed"
exec .venv/bin/python -m compose.local "$@"
