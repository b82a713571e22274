#!/usr/bin/env bash
# clprobe on Rusticl's llvmpipe, in Debian trixie: its tests, and every probe at the quick profile,
# with the half and double precision that Rusticl only has on request.
. "$(dirname "$0")/trixie.sh"

check_report() {
    "$tree/tests/drivers/check_llvmpipe.py" "$results/report.json" >"$results/notes.txt" ||
        { cat "$results/notes.txt" >&2; return 1; }
}
status=0
run_and_test /build /results on_trixie env OCL_ICD_VENDORS=rusticl.icd RUSTICL_ENABLE=llvmpipe \
    RUSTICL_FEATURES=fp16,fp64 || status=1

# Mesa's old driver is there too: a platform without a device.
clover=0
on_trixie env OCL_ICD_VENDORS=mesa.icd /build/harness/clprobe devices 2>"$results/clover.txt" || clover=$?
if [ $clover != 3 ]; then
    say "clprobe devices ended with status $clover on a platform without a device, not with 3"
    status=1
fi
exit $status
