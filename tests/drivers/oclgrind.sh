#!/usr/bin/env bash
# Every kernel of clprobe under Oclgrind, which sees bad accesses and races, at the tiny profile.
. "$(dirname "$0")/common.sh"

start_results
need cmake ninja oclgrind
build_here
ctest --test-dir "$build" -L oclgrind --no-tests=error --output-on-failure \
    --output-junit "$results/tests.xml" >"$results/tests.txt"
