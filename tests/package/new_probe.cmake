# From an empty folder to passing tests of a new probe, as docs/adding-a-probe.md says:
#   CLPROBE  the program; PACKAGE  the folder of clprobe-config.cmake; FOLDER  the new project's
function(run)
    execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${FOLDER}" COMMAND_ECHO STDOUT
                    COMMAND_ERROR_IS_FATAL ANY)
endfunction()
file(REMOVE_RECURSE "${FOLDER}")
file(MAKE_DIRECTORY "${FOLDER}")
run("${CLPROBE}" new-probe mine/step_rate)
run("${CMAKE_COMMAND}" -B build -G "${GENERATOR}" "-Dclprobe_DIR=${PACKAGE}" ${OPTIONS})
run("${CMAKE_COMMAND}" --build build)
run("${CMAKE_CTEST_COMMAND}" --test-dir build --no-tests=error --output-on-failure -R step_rate)
run(build/probe list)
# A second probe goes into the project that is there; the first stays as it is.
run("${CLPROBE}" new-probe mine/other_rate)
run("${CMAKE_COMMAND}" --build build)
run("${CMAKE_CTEST_COMMAND}" --test-dir build --no-tests=error --output-on-failure -R other_rate)
execute_process(
    COMMAND "${CLPROBE}" new-probe mine/step_rate WORKING_DIRECTORY "${FOLDER}" RESULT_VARIABLE status
    ERROR_VARIABLE error
)
if(NOT status EQUAL 2 OR NOT error MATCHES "step_rate.cl' is there already; nothing was written")
    message(FATAL_ERROR "a probe that is there was not refused: ${status} ${error}")
endif()
