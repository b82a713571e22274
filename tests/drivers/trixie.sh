# Debian trixie with clprobe built there; sourced by the scripts of the drivers that it has. on_trixie
# runs a command there, where the tree is /tree, the build /build and the folder of results /results.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

trixie=$cache/trixie
packages=mesa-opencl-icd,pocl-opencl-icd,clinfo,g++,cmake,ninja-build,ccache,pkg-config
packages=$packages,opencl-headers,opencl-clhpp-headers,ocl-icd-opencl-dev,nlohmann-json3-dev
packages=$packages,libfmt-dev,libcli11-dev,catch2,python3-jsonschema

on_trixie() {
    in_debian "$trixie/root" "$tree:/tree" "$trixie/build:/build" "$trixie/ccache:/ccache" \
        "$results:/results" -- "$@"
}

start_results
unpack_debian "$trixie/root" trixie "$(dpkg --print-architecture)" "$packages" --variant=minbase
mkdir -p "$trixie/build" "$trixie/ccache"
say "Building clprobe on trixie"
on_trixie env CCACHE_DIR=/ccache cmake -S /tree -B /build --preset test \
    -DCMAKE_CXX_COMPILER_LAUNCHER=ccache >"$results/build.txt"
on_trixie env CCACHE_DIR=/ccache cmake --build /build >>"$results/build.txt" ||
    die "the build failed: see $results/build.txt"
