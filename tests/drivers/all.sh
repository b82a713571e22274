#!/usr/bin/env bash
# clprobe on every driver that needs no board, one after the other, and a table of what came of it.
# Some 18 minutes from nothing on two processors with nothing else to do, 8 where the cache is there.
# Fails where a driver's script does.
#   tests/drivers/all.sh [DRIVER...]    of: pocl oclgrind pocl6 rusticl panfrost
. "$(dirname "$0")/common.sh"

here=$tree/tests/drivers
if [ $# = 0 ]; then set -- pocl oclgrind pocl6 rusticl panfrost; fi
ended=()
for name; do
    [ -x "$here/$name.sh" ] || die "no driver $name"
    status=0
    SECONDS=0
    "$here/$name.sh" || status=$?
    say "$name ended with status $status after $SECONDS s"
    ended+=("$name=$status=$SECONDS")
done
"$here/summary.py" "$tree/build/drivers" "${ended[@]}"
