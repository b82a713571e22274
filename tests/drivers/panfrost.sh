#!/usr/bin/env bash
# clprobe on Panfrost's compiler, for Malis that nobody has to have: built for arm64 and run under
# qemu-user, on Rusticl with Mesa's no-hardware shim. Kernels are compiled and launched, but do not
# execute, so that every verification has to fail. The same program reads the committed reports again.
#   tests/drivers/panfrost.sh [--gpu g52]... [--kernels]
# All of those below by default; with --kernels no probe is run, and kernels are but compiled and
# launched: some four minutes for one GPU from nothing, half of that with its caches. A GPU takes 80 s
# of a processor's time, and operators, which two of them compile, 115 s more; the rest is the build,
# which ccache saves, the committed reports, and three runs of all probes.
. "$(dirname "$0")/common.sh"

declare -A id_of=( # as the kernel driver tells them, in hexadecimal
    [g31]=7093 [g52]=7212 [g57]=9091 [g72]=6221 [g76]=7211 [g310]=ac74 [g610]=a867 [t860]=860
)
all='g52 g610 t860 g31 g57 g72 g76 g310' # those that take longest first

gpus=
with_runs=yes
while [ $# -gt 0 ]; do
    case "$1" in
        --gpu) gpus="$gpus ${2?which one?}"; shift 2 ;;
        --kernels) with_runs=; shift ;;
        *) die "usage: $0 [--gpu NAME]... [--kernels], of $all" ;;
    esac
done
gpus=${gpus:-$all}
for gpu in $gpus; do [ -n "${id_of[$gpu]-}" ] || die "no GPU $gpu; there are $all"; done

start_results
need cmake ninja aarch64-linux-gnu-g++ qemu-aarch64-static python3
checks=$tree/tests/drivers/panfrost
sysroot=$cache/panfrost/sysroot

packages=mesa-opencl-icd,mesa-drm-shim,ocl-icd-opencl-dev,opencl-clhpp-headers,nlohmann-json3-dev
unpack_debian "$sysroot" trixie arm64 "$packages,libfmt-dev,zlib1g-dev,libcli11-dev,libc6-dev" --variant=extract
ln -sfn usr/lib "$sysroot/lib" # left out where packages are not configured
qemu-aarch64-static "$sysroot/lib/ld-linux-aarch64.so.1" --version >"$results/emulator.txt" 2>&1 ||
    die "the emulator runs nothing here: see $results/emulator.txt"

say "Building clprobe for arm64"
(
    cd "$tree"
    CLPROBE_SYSROOT=$sysroot cmake --preset arm64
    cmake --build --preset arm64
    aarch64-linux-gnu-g++ --sysroot="$sysroot" -O2 -Wall -Wextra -Werror -shared -fPIC \
        "$checks/fences.cpp" -o "$results/fences.so"
    aarch64-linux-gnu-g++ --sysroot="$sysroot" -std=c++20 -Iinclude -Wall -Wextra -Werror \
        -Wl,--allow-shlib-undefined "$checks/clock.cpp" build/arm64/lib/libclprobe_core.a -lfmt -lz \
        -o "$results/clock"
) >"$results/build.txt" 2>&1 || fail "the build failed: see $results/build.txt"

# run_on GPU SHADERS PROGRAM ARGUMENT...: with that folder for the compiler's cache. The emulator is a
# static program, so that LD_PRELOAD and its like mean the emulated one.
run_on() {
    local gpu=$1 shaders=$2
    shift 2
    env QEMU_LD_PREFIX="$sysroot" LD_LIBRARY_PATH="$sysroot/usr/lib/aarch64-linux-gnu" \
        LD_PRELOAD="$results/fences.so:libpanfrost_noop_drm_shim.so" PAN_GPU_ID="${id_of[$gpu]}" \
        RUSTICL_ENABLE=panfrost OCL_ICD_VENDORS=libRusticlOpenCL.so.1 \
        MESA_SHADER_CACHE_DISABLE=false MESA_SHADER_CACHE_DIR="$shaders" \
        qemu-aarch64-static "$@"
}
on() { run_on "$1" "$2" "$tree/build/arm64/harness/clprobe" "${@:3}"; } # clprobe

# Reports written on other processors are read again: each finding has to be the same to the last bit.
# This takes none of the drivers, and no OpenCL.
verify_reports() {
    say "Reading the committed reports again on arm64"
    find "$tree/docs/results" -name '*.json*' ! -path '*/inspect/*' -print0 |
        xargs -0 -n 1 -P "$(nproc)" env QEMU_LD_PREFIX="$sysroot" \
            qemu-aarch64-static "$tree/build/arm64/harness/clprobe" analyze --verify \
            >/dev/null 2>"$results/verify.txt" || { cat "$results/verify.txt" >&2; return 1; }
}

# A cache that holds OpenCL's own library of functions and nothing else: compiling that takes half a
# minute a GPU, and the compiler is silent about what it finds in a cache.
prime() { # GPU
    local shaders=$cache/panfrost/shaders/$1 new=$cache/panfrost/shaders/$1.new
    mkdir -p "$cache/panfrost/shaders"
    exec 8>"$shaders.lock"
    flock 8 # another tree's run may be at it
    [ ! -d "$shaders" ] || { exec 8>&-; return; }
    say "Compiling the built-in functions for $1, once"
    rm -rf "$new"
    mkdir -p "$new/kernels/host"
    echo 'kernel void spin(global uint *out, uint a, uint b, uint c) { out[0] = a; }' \
        >"$new/kernels/host/event_timer.cl"
    CLPROBE_KERNEL_DIR=$new/kernels on "$1" "$new" run --no-isolate --profile tiny \
        host/event_timer >"$results/$1-prime.txt" 2>&1 || true # as nothing executes, it failed
    rm -rf "$new/kernels"
    mv "$new" "$shaders"
    exec 8>&-
}

# The host's clock has to time kernels: a queue with profiling is refused with -35; where the kernel
# driver has time stamps it is not, but START and END are zero.
check_clock() { # GPU SHADERS
    local plain=$results/$1-clock.txt stamps=$results/$1-stamps-clock.txt
    run_on "$1" "$2" "$results/clock" >"$plain" 2>&1 &&
        CLPROBE_SHIM_STAMPS=1 run_on "$1" "$2" "$results/clock" >"$stamps" 2>&1 || return 1
    grep -q '^host: .* refused: .*(-35)' "$plain" &&
        grep -q '^host: .*START and END timestamps that never move' "$stamps"
}

# A run of every probe, in which no kernel executes.
check_run() { # GPU SHADERS NAME
    say "Running every probe at the tiny profile on $1 ($3)"
    if on "$1" "$2" run --no-isolate --profile tiny --json "$results/$3.json" \
        >"$results/$3.txt" 2>&1; then
        say "$3: nothing failed, though nothing was executed"
        return 1
    fi
    "$checks/check_run.py" "$results/list.json" "$results/$3.json" >"$results/$3.md" ||
        { cat "$results/$3.md"; return 1; }
}

# Compiles and launches the kernels of these families of probes.
inspect() { # GPU SHADERS NAME FAMILY...
    on "$1" "$2" inspect "${@:4}" --no-isolate --launch --json "$results/inspect-$3.json" \
        >"$results/inspect-$3.txt" 2>&1 || { say "$1: see $results/inspect-$3.txt"; return 1; }
}

# All that is tried on one GPU; whether all is as it must be.
examine() { # GPU
    local gpu=$1 shaders=$results/shaders-$1 start=$SECONDS good=0
    prime "$gpu"
    cp -a "$cache/panfrost/shaders/$gpu" "$shaders"
    say "Compiling and launching every kernel on $gpu"
    inspect "$gpu" "$shaders" "$gpu" compute execution host memory || good=1
    # Operators' kernels are large: one of Bifrost and one of Valhall will do. A network's attention to
    # one token takes the compiler minutes, as it keeps a whole head in registers that are not there.
    case "$gpu" in
        g52 | g610)
            inspect "$gpu" "$shaders" "$gpu-operators" workloads/attention workloads/convolution \
                workloads/gemm workloads/softmax_norm || good=1
            ;;
    esac
    say "$gpu: every kernel after $((SECONDS - start)) s"
    if [ "$gpu" = g52 ]; then
        check_clock "$gpu" "$shaders" || { say "$gpu: see $results/$gpu*clock.txt"; good=1; }
    fi
    case "$gpu$with_runs" in
        g52yes) # and as on a kernel driver that has time stamps: START and END are zero then
            check_run "$gpu" "$shaders" "$gpu-run" || good=1
            CLPROBE_SHIM_STAMPS=1 check_run "$gpu" "$shaders" "$gpu-stamps-run" || good=1
            ;;
        g610yes) check_run "$gpu" "$shaders" "$gpu-run" || good=1 ;;
    esac
    rm -rf "$shaders"
    return $good
}

first=${gpus# }
on "${first%% *}" "$results/shaders" list --json >"$results/list.json" ||
    fail "clprobe does not list its probes under the emulator"
bad=
verify_reports || bad=1
for gpu in $gpus; do # as many at a time as there are processors
    if [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; then wait -n || bad=1; fi
    examine "$gpu" &
done
while [ -n "$(jobs -p)" ]; do wait -n || bad=1; done
inspections=()
for gpu in $gpus; do inspections+=("$gpu=$results/inspect-$gpu.json"); done
"$checks/check_kernels.py" "$results/list.json" "${inspections[@]}" >"$results/kernels.md" || bad=1
cat "$results/kernels.md"
tail -n 1 "$results/kernels.md" >"$results/notes.txt"
if [ -f "$results/inspect-g52.json" ]; then
    "$checks/check_loops.py" "$checks/operations.txt" "$results/inspect-g52.json" \
        >"$results/loops.md" || bad=1
    cat "$results/loops.md"
    "$checks/check_operators.py" "$tree/docs/expectations/mali-g52.json" \
        "$results/inspect-g52-operators.json" >"$results/operators.md" || bad=1
    cat "$results/operators.md"
fi
if [ -n "$with_runs" ]; then
    echo 'no kernel executes: each probe that has one must be "failed"' >>"$results/notes.txt"
fi
[ -z "$bad" ] || { say "Not all is as it must be: see $results"; exit 1; }
