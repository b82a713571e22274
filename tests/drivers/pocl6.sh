#!/usr/bin/env bash
# clprobe on PoCL 6, in Debian trixie: its tests, and every probe at the quick profile.
. "$(dirname "$0")/trixie.sh"

run_and_test /build /results on_trixie env OCL_ICD_VENDORS=pocl.icd
