#!/usr/bin/env bash
# clprobe on this system's PoCL: its tests, and every probe at the quick profile.
. "$(dirname "$0")/common.sh"

need cmake ninja
[ -e /etc/OpenCL/vendors/pocl.icd ] || die "PoCL is missing (./bootstrap installs it)"
start_results
build_here
run_and_test "$build" "$results" env OCL_ICD_VENDORS=pocl.icd
