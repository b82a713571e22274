# Makes the pages of the probes in MADE, and fails where COMMITTED holds others.
file(REMOVE_RECURSE "${MADE}")
execute_process(COMMAND "${CLPROBE}" list --markdown "${MADE}" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND diff -ru "${COMMITTED}" "${MADE}" RESULT_VARIABLE differs)
if(differs)
    message(FATAL_ERROR "docs/probes is out of date: run `clprobe list --markdown docs/probes`")
endif()
