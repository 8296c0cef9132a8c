#!/bin/sh
# build.sh: everything from a fresh Debian 12 to a tested program. `build.sh --help` says how.
#
# Packages that are missing are installed (through sudo when not root); with all of them there,
# nothing but the build directory is touched.
#
# shellcheck disable=SC2086 # lists of words are meant to be split
set -eu
cd "$(dirname "$0")"

build_packages="gcc cmake ninja-build pkg-config libc6-dev libelf-dev liblz4-dev libxxhash-dev
    libzydis-dev libzycore-dev libjansson-dev libcmocka-dev gdb"
bench_packages="python3 make sqlite3 coreutils"
test_packages="clang-format python3 perl sqlite3 git tar gzip bash file
    g++ libssl-dev openssl"
# Runtimes that are recorded in tests/runtimes and bench/workloads.
runtime_commands="go:golang-go javac:openjdk-17-jdk-headless java:openjdk-17-jre-headless node:nodejs"
test_commands="$runtime_commands rustc:rustc"
bench_commands="$runtime_commands redis-server:redis-server redis-benchmark:redis-tools"

usage() {
    cat <<'END'
usage: ./build.sh [build | demo | test | bench | help]

  build   installs what is missing and builds build/reel (the default)
  demo    builds, then records a crash, replays it backwards to the guilty line
  test    builds, checks format and includes, and runs all tests, the demo among them
  bench   builds, then measures what recording and replaying cost; takes bench/run's arguments
  help    prints this
END
}

is_installed() {
    case $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) in
    *" installed") return 0 ;;
    *) return 1 ;;
    esac
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    elif command -v sudo >/dev/null; then
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    else
        echo "build.sh: as root, or with sudo, run: $*" >&2
        exit 1
    fi
}

install_packages() {
    missing=
    for package in "$@"; do
        is_installed "$package" || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    echo "build.sh: installing$missing"
    # Another apt may be at work, as on a machine that has just started.
    install_words="apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 $missing"
    # The lists may be missing (a fresh container) or out of date (a package moved on).
    as_root $install_words >/dev/null 2>&1 ||
        { as_root apt-get update -q && as_root $install_words; }
}

# COMMAND:PACKAGE: the package only where there is no such command from elsewhere.
install_commands() {
    wanted=
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || wanted="$wanted ${pair#*:}"
    done
    install_packages $wanted
}

build() {
    install_packages $build_packages
    [ -f build/build.ninja ] || cmake -S . -B build -G Ninja
    cmake --build build
}

run_tests() {
    install_packages $test_packages
    install_commands $test_commands
    build
    tools/check-format
    tools/check-includes
    ctest --test-dir build --output-on-failure --parallel "$(nproc)"
}

case "${1:-build}" in
build) build ;;
demo) build && demo/run build/reel ;;
test) run_tests ;;
bench)
    shift
    install_packages $bench_packages
    install_commands $bench_commands
    build && bench/run "$@"
    ;;
help | -h | --help) usage ;;
*)
    usage >&2
    exit 2
    ;;
esac
