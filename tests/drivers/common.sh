# What the scripts beside this have in common; sourced by them. Each runs clprobe on one driver, in
# an environment that it makes from Debian's packages below $cache and keeps: later runs need no
# network. CLPROBE_DRIVER_CACHE says where, CLPROBE_DEBIAN_MIRROR from where. What it finds it leaves
# in $results, for summary.py: reports of clprobe, tests.xml of ctest.
set -euo pipefail
tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${CLPROBE_DRIVER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/clprobe/drivers}
driver=$(basename "$0" .sh)
results=$tree/build/drivers/$driver

say() { printf '%s\n' "$*" >&2; }
fail() { say "$(basename "$0"): $*"; exit 1; }
die() { say "$(basename "$0"): $*"; exit 2; } # where the driver cannot be had on this machine

# need PROGRAM...
need() {
    local program missing=
    for program; do command -v "$program" >/dev/null || missing="$missing $program"; done
    [ -z "$missing" ] || die "missing:$missing (./bootstrap --drivers installs what it takes)"
}

# Empties the folder of results, so that none is an earlier run's. Two runs in it would spoil each
# other's.
start_results() {
    mkdir -p "$(dirname "$results")"
    exec 9>"$results.lock"
    flock --nonblock 9 || die "another run of it goes on in this tree"
    rm -rf "$results"
    mkdir -p "$results"
}

# The mirror that this machine takes its own Debian from; nothing where it has none: mmdebstrap then
# takes its default.
debian_mirror() {
    if [ -n "${CLPROBE_DEBIAN_MIRROR-}" ]; then
        printf '%s\n' "$CLPROBE_DEBIAN_MIRROR"
    elif command -v apt-get >/dev/null && [ "$(. /etc/os-release && echo "$ID")" = debian ]; then
        apt-get indextargets --format '$(REPO_URI) $(COMPONENT) $(CODENAME)' 'Created-By: Packages' |
            sed -n "/ main $(. /etc/os-release && echo "${VERSION_CODENAME-}")\$/{s/ .*//p;q;}"
    fi
}

# unpack_debian FOLDER SUITE ARCHITECTURE PACKAGES [OPTION...]: a Debian with these packages (separated
# by commas), by mmdebstrap. One that is whole and was made of the same is left as it is. All of its
# files are the caller's.
unpack_debian() {
    local folder=$1 suite=$2 architecture=$3 packages=$4
    shift 4
    local made_of="$suite $architecture $packages $*"
    mkdir -p "$(dirname "$folder")"
    exec 8>"$folder.lock"
    flock 8 # another tree's run may be unpacking it
    if [ "$(cat "$folder.made_of" 2>/dev/null)" = "$made_of" ]; then return; fi
    need mmdebstrap
    say "Unpacking Debian $suite for $architecture into $folder"
    rm -rf "$folder" "$folder.made_of"
    mkdir -p "$folder"
    mmdebstrap --quiet --architectures="$architecture" --include="$packages" "$@" --format=tar \
        "$suite" - $(debian_mirror) |
        tar -C "$folder" -x --no-same-owner --exclude='./dev/*' ||
        die "could not unpack Debian $suite: is there a network? (it takes one the first time)"
    printf '%s\n' "$made_of" >"$folder.made_of"
    exec 8>&-
}

# in_debian FOLDER FROM:TO... -- COMMAND...: runs the command with that Debian for its root, and FROM
# of this machine to be seen at TO in it. The mounts are the command's own and end with it; who is
# not root becomes it for no more than that.
in_debian() {
    local as_root=--map-root-user
    [ "$(id -u)" != 0 ] || as_root=
    need unshare
    unshare $as_root --mount sh -c 'mount --rbind /proc "$1/proc" && chroot "$1" true' sh "$1" \
        2>/dev/null ||
        die "this machine lets $(id -un) enter no other Debian (unshare $as_root --mount, chroot)"
    unshare $as_root --mount bash -euc '
        root=$1
        shift
        for system in dev proc sys; do mount --rbind "/$system" "$root/$system"; done
        for (( ; $# > 0; )); do
            pair=$1
            shift
            [ "$pair" != -- ] || break
            mkdir -p "$root${pair#*:}"
            mount --bind "${pair%%:*}" "$root${pair#*:}"
        done
        exec env -i HOME=/tmp PATH=/usr/sbin:/usr/bin chroot "$root" "$@"' in_debian "$@"
}

# What is built for a driver: nothing of the tests that run on no driver, or on the stub alone.
targets='clprobe clprobe_probe_tests'
if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi

# Builds those for this system; $build is the folder then.
build_here() {
    build=$tree/build/test
    say "Building clprobe"
    (cd "$tree" && cmake --preset test && cmake --build --preset test --target $targets) \
        >"$results/build.txt" 2>&1 || fail "the build failed: see $results/build.txt"
}

# That broken kernels are caught is a matter of clprobe's, and of one driver: `ctest` sees to it.
left_to_ctest='^device\.verification'

# What must hold of a driver's report besides; a script may have its own.
check_report() { :; }

# run_and_test BUILD RESULTS [COMMAND...]: the quick profile of every probe, and the tests that a
# driver can fail, by programs in the folder BUILD, as words after COMMAND. Paths are COMMAND's. The
# tests have the tiny profile, as each probe had the other already. What took too long is run once
# more: a machine that others use too may have been to blame. It never is for a wrong result.
run_and_test() {
    local build=$1 to=$2 status=0
    shift 2
    say "Running every probe at the quick profile on $driver"
    run_probes "$@" || { may_be_the_machine && run_probes "$@"; } || status=1
    say "Running the tests on $driver"
    "$@" env CLPROBE_REQUIRE_DEVICE=1 CLPROBE_PROFILE=tiny ctest --test-dir "$build" \
        -L '^(probe|device)$' -E "$left_to_ctest" --no-tests=error --repeat after-timeout:2 \
        --output-on-failure --output-junit "$to/tests.xml" >"$results/tests.txt" 2>&1 || status=1
    [ $status = 0 ] || say "Not all is as it must be: see $results"
    return $status
}
run_probes() {
    "$@" "$build/harness/clprobe" run --profile quick --json "$to/report.json" \
        >"$results/run.txt" 2>&1 && check_report
}
may_be_the_machine() { # that failed; what it left is put aside
    "$tree/tests/drivers/only_late.py" "$results/report.json" || return 1
    say "Once more: the machine may have been to blame"
    mkdir "$results/first"
    mv "$results"/{report.json,run.txt} "$results/first/"
}
