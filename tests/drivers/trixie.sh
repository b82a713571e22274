# Debian trixie with clprobe built there, in the tree's build/trixie; sourced by the scripts of the
# drivers that it has. on_trixie runs a command there, where the tree is /tree, that build /build and
# the folder of results /results.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

trixie=$cache/trixie
built=$tree/build/trixie
packages=mesa-opencl-icd,pocl-opencl-icd,ocl-icd-opencl-dev,opencl-headers,opencl-clhpp-headers
packages=$packages,g++,cmake,ninja-build,ccache,nlohmann-json3-dev,libfmt-dev,zlib1g-dev,libcli11-dev,catch2,python3

on_trixie() {
    in_debian "$trixie/root" "$tree:/tree" "$built:/build" "$trixie/ccache:/ccache" \
        "$results:/results" -- "$@"
}

start_results
unpack_debian "$trixie/root" trixie "$(dpkg --print-architecture)" "$packages" --variant=minbase
mkdir -p "$built" "$trixie/ccache"
on_trixie true
say "Building clprobe on trixie"
on_trixie env CCACHE_DIR=/ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache bash -euc \
    "cmake -S /tree -B /build --preset test && cmake --build /build --target $targets" \
    >"$results/build.txt" 2>&1 || fail "the build failed: see $results/build.txt"
