# Read by every call of ctest (see ClprobeDeviceTests.cmake): adds the tests that `clprobe_program`
# lists. With REASON, the command of the test device.enumeration where it could not list them.
if(DEFINED REASON)
    message(FATAL_ERROR "The OpenCL devices could not be listed: ${REASON}")
endif()

set(clprobe_limit 60)
if(DEFINED ENV{CLPROBE_LIST_TIMEOUT})
    set(clprobe_limit "$ENV{CLPROBE_LIST_TIMEOUT}")
endif()
execute_process(
    COMMAND "${clprobe_program}" --list-device-tests
    TIMEOUT "${clprobe_limit}"
    RESULT_VARIABLE clprobe_result
    OUTPUT_VARIABLE clprobe_output
    ERROR_VARIABLE clprobe_error
)
if(clprobe_result EQUAL 0)
    add_test(device.enumeration "${clprobe_program}" --check-devices)
    set_tests_properties(device.enumeration PROPERTIES SKIP_RETURN_CODE 4)
else()
    set(clprobe_output "")
    add_test(device.enumeration "${clprobe_cmake}" "-DREASON=${clprobe_result}. ${clprobe_error}"
             -P "${CMAKE_CURRENT_LIST_FILE}")
endif()
set_tests_properties(device.enumeration PROPERTIES LABELS device)
# A filter that leaves no test is a success for ctest: an error here is none under any filter.
if("$ENV{CLPROBE_REQUIRE_DEVICE}" STREQUAL "1" AND clprobe_output STREQUAL "")
    set(clprobe_reason "there is no OpenCL device: see `clprobe devices`")
    if(NOT clprobe_result EQUAL 0)
        set(clprobe_reason "they could not be listed: ${clprobe_result}. ${clprobe_error}")
    endif()
    message(FATAL_ERROR "CLPROBE_REQUIRE_DEVICE is 1, and ${clprobe_reason}")
endif()

# A line a test: its name, a tab, and its labels, separated by blanks.
string(REPLACE "\n" ";" clprobe_lines "${clprobe_output}")
foreach(clprobe_line IN LISTS clprobe_lines)
    if(clprobe_line MATCHES "^([^\t]+)\t(.+)$")
        set(clprobe_test "${CMAKE_MATCH_1}")
        string(REPLACE " " ";" clprobe_labels "${CMAKE_MATCH_2}")
        # What Catch2 would take for a pattern.
        string(REGEX REPLACE "[][,*\\]" "\\\\\\0" clprobe_pattern "${clprobe_test}")
        add_test("${clprobe_test}" "${clprobe_program}" "${clprobe_pattern}")
        # What is timed runs alone; whether a broken kernel is noticed is no matter of time.
        set(clprobe_alone TRUE)
        if(clprobe_labels MATCHES "(^|;)mutants(;|$)")
            set(clprobe_alone FALSE)
        endif()
        set_tests_properties(
            "${clprobe_test}"
            PROPERTIES LABELS "${clprobe_labels}" RUN_SERIAL "${clprobe_alone}" TIMEOUT "${clprobe_timeout}"
                       SKIP_RETURN_CODE 4
        )
    endif()
endforeach()
