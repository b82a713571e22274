#!/usr/bin/env bash
# clprobe on this system's PoCL: its tests, and every probe at the quick profile.
. "$(dirname "$0")/common.sh"

start_results
need cmake ninja
[ -e /etc/OpenCL/vendors/pocl.icd ] || die "PoCL is missing (./bootstrap installs it)"
build_here
left_to_ctest+='|^program\.inspect' # ctest runs it on this driver
run_and_test "$build" "$results" env OCL_ICD_VENDORS=pocl.icd
