# clprobe_add_expectations(<report or device> <expectations>... [PROFILE <profile>] [PROGRAM <target>])
#
# Adds each expectation of the files (docs/expectations.md) to ctest, as the test
#   expectation.<file>.<key>@<report or device>
# by the files' names without extension; a second one of the same key is <key>.2. It passes where the
# expectation is confirmed, fails where it is refuted, and is skipped where it cannot be tested.
#
# With a report, FILE.json or FILE.json.gz of `clprobe run` or `clprobe inspect`, they are held against
# that. With a device, as `--device` selects one, the test expectation.run.<files>@<device> first
# runs the probes that the keys name, at the PROFILE (standard), and expectation.inspect... inspects
# the kernels where keys are of an inspection. Without a device all of them are skipped; where
# CLPROBE_REQUIRE_DEVICE is 1 they fail.
#
# PROGRAM is a program with probes of its own (its main calls clprobe::run_main()), in place of
# clprobe.
cmake_policy(PUSH)
cmake_policy(VERSION 3.25)

function(clprobe_add_expectations subject)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "PROFILE;PROGRAM" "")
    if(NOT arg_PROGRAM)
        set(arg_PROGRAM clprobe::program)
    endif()
    if(NOT TARGET ${arg_PROGRAM})
        message(FATAL_ERROR "clprobe_add_expectations: there is no target ${arg_PROGRAM}; the component "
                            "`program` of the package clprobe brings clprobe::program")
    endif()
    if(NOT arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "clprobe_add_expectations(${subject}): no file of expectations is named")
    endif()
    cmake_path(GET subject FILENAME at)
    set(is_report FALSE)
    if(at MATCHES "^(.+)[.]json([.]gz)?$")
        set(at "${CMAKE_MATCH_1}")
        set(is_report TRUE)
        cmake_path(ABSOLUTE_PATH subject NORMALIZE)
    endif()

    set(stems "")
    foreach(file IN LISTS arg_UNPARSED_ARGUMENTS)
        cmake_path(GET file STEM LAST_ONLY stem)
        list(APPEND stems "${stem}")
    endforeach()
    list(JOIN stems "+" stems)
    set(measured_by run inspect)
    foreach(command IN LISTS measured_by)
        set(${command}_fixture "expectation.${command}.${stems}@${at}")
        string(MAKE_C_IDENTIFIER "${${command}_fixture}" name)
        set(${command}_report "${CMAKE_CURRENT_BINARY_DIR}/${name}.json")
        set(${command}_probes "")
    endforeach()

    foreach(file IN LISTS arg_UNPARSED_ARGUMENTS)
        cmake_path(GET file STEM LAST_ONLY stem)
        cmake_path(ABSOLUTE_PATH file NORMALIZE)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
        file(READ "${file}" text)
        string(JSON count LENGTH "${text}" expectations)
        foreach(number RANGE 1 ${count})
            math(EXPR index "${number} - 1")
            string(JSON key GET "${text}" expectations ${index} key)
            set(test "expectation.${stem}.${key}@${at}")
            set(same 1)
            while(TEST "${test}")
                math(EXPR same "${same} + 1")
                set(test "expectation.${stem}.${key}.${same}@${at}")
            endwhile()
            set(command run)
            if(key MATCHES "^inspect[.]([a-z0-9_]+/[a-z0-9_]+)[.]")
                set(command inspect)
                list(APPEND inspect_probes "${CMAKE_MATCH_1}")
            else()
                list(APPEND run_probes "${key}")
            endif()
            set(report "${subject}")
            set(properties REQUIRED_FILES "${report}")
            if(NOT is_report)
                set(report "${${command}_report}")
                set(properties FIXTURES_REQUIRED "${${command}_fixture}")
            endif()
            add_test(NAME "${test}" COMMAND ${arg_PROGRAM} check "${report}" "${file}" --only ${number})
            set_tests_properties(
                "${test}" PROPERTIES LABELS expectation SKIP_RETURN_CODE 4 ${properties}
            )
        endforeach()
    endforeach()

    foreach(command IN LISTS measured_by)
        if(is_report OR NOT ${command}_probes)
            continue()
        endif()
        set(arguments ${${command}_probes})
        list(REMOVE_DUPLICATES arguments)
        list(APPEND arguments --device "${subject}")
        if(arg_PROFILE AND command STREQUAL run)
            list(APPEND arguments --profile "${arg_PROFILE}")
        endif()
        set(fixture "${${command}_fixture}")
        set(report "${${command}_report}")
        file(
            GENERATE
            OUTPUT "${report}.cmake"
            CONTENT "set(report [==[${report}]==])
set(command [==[$<TARGET_FILE:${arg_PROGRAM}>]==] ${command} [==[${arguments}]==] --json [==[${report}]==])
include([==[${CMAKE_CURRENT_FUNCTION_LIST_DIR}/ClprobeMeasureExpectations.cmake]==])
"
        )
        add_test(NAME "${fixture}" COMMAND "${CMAKE_COMMAND}" -P "${report}.cmake")
        set_tests_properties(
            "${fixture}"
            PROPERTIES LABELS expectation FIXTURES_SETUP "${fixture}" RUN_SERIAL TRUE
                       SKIP_REGULAR_EXPRESSION "skipped: there is no OpenCL device"
        )
    endforeach()
endfunction()

cmake_policy(POP)
