# shellcheck shell=sh
# Sourced by the scripts in this directory: paths, common functions and the pinned Deno.
# Everything downloaded or built goes to $SCOPE_CACHE, outside the checkout.
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
SCOPE_CACHE=${SCOPE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/scope}
export SCOPE_CACHE
deno_version=2.9.6
# Flags and permissions of the bundled command line; that file explains them.
# shellcheck disable=SC2034 # for the scripts that source this file
scope_flags=$(sed -n '/^--/p' "$root/deploy/permissions.txt" | tr '\n' ' ')

say() { printf '%s\n' "$*" >&2; }

die() {
  say "error: $1"
  [ -z "${2-}" ] || say "hint: $2"
  exit "${3:-69}"
}

# Installs the packages that are missing: `need PROGRAM PACKAGE ...`.
need() {
  command -v "$1" >/dev/null 2>&1 && return
  needed=$1
  shift
  command -v apt-get >/dev/null 2>&1 || die "Cannot find the program \"$needed\"" "install it, then run this again"
  [ "$(id -u)" = 0 ] || die "Cannot find the program \"$needed\"" "as root: apt-get install $*"
  say "installing $* (Debian package)"
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >&2 ||
    { apt-get update >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >&2; } ||
    die "Cannot install the Debian package \"$*\""
}

# Sets $deno to the pinned Deno of this machine, from npm on the first use.
find_deno() {
  case "$(uname -s)/$(uname -m)" in
    Linux/x86_64) deno_package=linux-x64-glibc ;;
    Linux/aarch64) deno_package=linux-arm64-glibc ;;
    Darwin/x86_64) deno_package=darwin-x64 ;;
    Darwin/arm64) deno_package=darwin-arm64 ;;
    *) die "There is no Deno for $(uname -s) on $(uname -m)" ;;
  esac
  deno_home=$SCOPE_CACHE/deno/$deno_version
  deno=$deno_home/node_modules/@deno/$deno_package/deno
  [ -x "$deno" ] && return
  need npm npm
  say "installing Deno $deno_version (npm package)"
  # Install into a temporary directory and rename it when complete, so that an interrupted install is never used.
  mkdir -p "$SCOPE_CACHE/deno"
  deno_part=$(mktemp -d "$SCOPE_CACHE/deno/part.XXXXXX")
  npm install --prefix "$deno_part" --no-audit --no-fund --loglevel=error "deno@$deno_version" >&2 ||
    { rm -rf "$deno_part"; die "Cannot install Deno $deno_version from npm"; }
  mv "$deno_part" "$deno_home" 2>/dev/null || rm -rf "$deno_part"
  [ -x "$deno" ] || die "Cannot find Deno in \"$deno_home\"" "remove that directory and run this again"
}

# Becomes a script in TypeScript: `run_script FILE ARGUMENT...`, with FILE in scripts/src.
run_script() {
  find_deno
  script=$root/scripts/src/$1
  shift
  exec "$deno" run -A --quiet --config "$root/deno.json" "$script" "$@"
}
