# clprobe_discover_device_tests(<target> [TIMEOUT <seconds>])
#
# Adds the tests of <target>, whose main calls clprobe::run_device_tests(), to ctest. They are listed
# anew at every call of ctest, so that they are those of the devices present then: Catch2's own
# discovery lists only when the program is newer than its last list. Probes and devices are labels;
# no two of these tests run at once; each has TIMEOUT (300) seconds.
#
# The test device.enumeration says which devices there are. Without any it is skipped; where
# CLPROBE_REQUIRE_DEVICE is 1 ctest itself then fails, whatever tests it was asked for. A driver that crashes while listing, or takes more than 60 seconds
# (CLPROBE_LIST_TIMEOUT), makes it fail and leaves all other tests as they are.
function(clprobe_discover_device_tests target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "")
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 300)
    endif()
    set(list "${CMAKE_CURRENT_BINARY_DIR}/${target}_devices.cmake")
    file(
        GENERATE
        OUTPUT "${list}"
        CONTENT "set(clprobe_cmake [[${CMAKE_COMMAND}]])
set(clprobe_program [[$<TARGET_FILE:${target}>]])
set(clprobe_timeout ${arg_TIMEOUT})
include([[${CMAKE_CURRENT_FUNCTION_LIST_DIR}/ClprobeListDeviceTests.cmake]])
"
    )
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${list}")
endfunction()
