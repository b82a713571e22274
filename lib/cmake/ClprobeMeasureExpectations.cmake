# The test that measures for others (see ClprobeExpectations.cmake): runs `command`, which writes
# `report`. An older report would speak of another run.
file(REMOVE "${report}")
execute_process(COMMAND ${command} RESULT_VARIABLE result)
if(result EQUAL 3 AND NOT "$ENV{CLPROBE_REQUIRE_DEVICE}" STREQUAL "1")
    execute_process(COMMAND "${CMAKE_COMMAND}" -E echo "skipped: there is no OpenCL device")
elseif(NOT result EQUAL 0)
    message(FATAL_ERROR "it ended with ${result}")
endif()
