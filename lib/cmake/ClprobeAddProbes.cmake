# clprobe_add_probes(<target> KERNELS <dir> HARNESS <dir> NAMESPACE <ns>
#                    [REGISTRY <ns::function>] [FAMILIES <family>...])
#
# Adds to <target> every probe below HARNESS, with the text of its kernel embedded:
#   <KERNELS>/<family>/<name>.cl      the kernel; `#include "common/<part>.clh"` is inlined
#   <HARNESS>/<family>/<name>.cpp     the probe; it defines
#                                     std::unique_ptr<clprobe::Probe> <ns>::make_<family>_<name>()
#   <HARNESS>/<family>/<name>/*.cpp   further parts of that probe, where one file is not enough
# and a function `clprobe::Registry <ns>::probes()` (or the one that REGISTRY names) that returns
# them all. FAMILIES restricts the folders that are looked at; all but `common` by default. The names
# are then in the target's property CLPROBE_PROBES.
#
# A file added or removed is noticed by the next build. A kernel without a probe is refused, and a
# probe without a kernel too, unless it says `// clprobe: no kernel` on a line of its own.

function(clprobe_add_probes target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "KERNELS;HARNESS;NAMESPACE;REGISTRY" "FAMILIES")
    foreach(required KERNELS HARNESS NAMESPACE)
        if(NOT arg_${required})
            message(FATAL_ERROR "clprobe_add_probes(${target}): ${required} is missing")
        endif()
    endforeach()
    if(NOT arg_REGISTRY)
        set(arg_REGISTRY "${arg_NAMESPACE}::probes")
    elseif(NOT arg_REGISTRY MATCHES "^.+::[^:]+$")
        message(FATAL_ERROR "clprobe_add_probes(${target}): REGISTRY ${arg_REGISTRY} is no namespace::function")
    endif()
    cmake_path(ABSOLUTE_PATH arg_KERNELS NORMALIZE)
    cmake_path(ABSOLUTE_PATH arg_HARNESS NORMALIZE)

    _clprobe_names(kernels "${arg_KERNELS}" cl "${arg_FAMILIES}")
    _clprobe_names(probes "${arg_HARNESS}" cpp "${arg_FAMILIES}")
    _clprobe_check_pairs("${arg_KERNELS}" "${kernels}" "${arg_HARNESS}" "${probes}"
                         "${arg_NAMESPACE}")

    set(source "${CMAKE_CURRENT_BINARY_DIR}/${target}_probes/registry.cpp")
    _clprobe_registry("${source}" "${arg_KERNELS}" "${kernels}" "${probes}" "${arg_NAMESPACE}"
                      "${arg_REGISTRY}")
    target_sources(${target} PRIVATE "${source}")
    set_property(TARGET ${target} APPEND PROPERTY CLPROBE_PROBES ${probes})
    foreach(probe IN LISTS probes)
        file(GLOB parts CONFIGURE_DEPENDS "${arg_HARNESS}/${probe}/*.cpp")
        list(APPEND parts "${arg_HARNESS}/${probe}.cpp")
        target_sources(${target} PRIVATE ${parts})
        string(MAKE_C_IDENTIFIER "${probe}" group)
        set_source_files_properties(${parts} PROPERTIES UNITY_GROUP ${group})
    endforeach()
endfunction()

# The <family>/<name> of every <dir>/<family>/<name>.<extension>.
function(_clprobe_names out dir extension families)
    file(GLOB files CONFIGURE_DEPENDS RELATIVE "${dir}" "${dir}/*/*.${extension}")
    list(FILTER files EXCLUDE REGEX "^common/")
    if(families)
        list(JOIN families "|" alternatives)
        list(FILTER files INCLUDE REGEX "^(${alternatives})/")
    endif()
    list(TRANSFORM files REPLACE "\\.${extension}$" "")
    set(${out} "${files}" PARENT_SCOPE)
endfunction()

# Refuses a kernel without a probe and a probe without a kernel, saying what to add.
function(_clprobe_check_pairs kernel_dir kernels harness_dir probes namespace)
    cmake_path(RELATIVE_PATH kernel_dir BASE_DIRECTORY "${PROJECT_SOURCE_DIR}")
    cmake_path(RELATIVE_PATH harness_dir BASE_DIRECTORY "${PROJECT_SOURCE_DIR}")
    foreach(kernel IN LISTS kernels)
        if(NOT kernel IN_LIST probes)
            string(REPLACE "/" "_" factory "${kernel}")
            message(FATAL_ERROR "The kernel ${kernel_dir}/${kernel}.cl has no probe.\n"
                                "Add ${harness_dir}/${kernel}.cpp, defining\n"
                                "  std::unique_ptr<clprobe::Probe> ${namespace}::make_${factory}()")
        endif()
    endforeach()
    foreach(probe IN LISTS probes)
        if(probe IN_LIST kernels)
            continue()
        endif()
        set(source "${harness_dir}/${probe}.cpp")
        set(path "${PROJECT_SOURCE_DIR}/${source}")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${path}")
        file(STRINGS "${path}" marker REGEX "^// clprobe: no kernel$")
        if(NOT marker)
            message(FATAL_ERROR "The probe ${source} has no kernel.\n"
                                "Add ${kernel_dir}/${probe}.cl, or, where it needs none, the line\n"
                                "  // clprobe: no kernel\nto the probe.")
        endif()
    endforeach()
endfunction()

# Generates, when building, the .cpp of the registry, by ClprobeEmbedKernels.cmake.
function(_clprobe_registry output dir kernels probes namespace registry)
    # What compilers will call the files: their place in the project that they are part of.
    cmake_path(RELATIVE_PATH dir BASE_DIRECTORY "${PROJECT_SOURCE_DIR}" OUTPUT_VARIABLE shown)
    file(GLOB_RECURSE parts CONFIGURE_DEPENDS "${dir}/*.clh")
    list(TRANSFORM kernels PREPEND "${dir}/" OUTPUT_VARIABLE files)
    list(TRANSFORM files APPEND ".cl")
    set(script "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/ClprobeEmbedKernels.cmake")
    # A file changes with what is in it, where not every generator minds a command that changed.
    file(CONFIGURE OUTPUT "${output}.cmake" @ONLY CONTENT [[
set(dir [==[@dir@]==])
set(shown [==[@shown@]==])
set(kernels [==[@kernels@]==])
set(probes [==[@probes@]==])
set(namespace @namespace@)
set(registry @registry@)
set(output [==[@output@]==])
include([==[@script@]==])
]])
    add_custom_command(
        OUTPUT "${output}"
        COMMAND "${CMAKE_COMMAND}" -P "${output}.cmake"
        DEPENDS ${files} ${parts} "${script}" "${output}.cmake"
        COMMENT "Embedding the kernels of ${shown}"
        VERBATIM
    )
endfunction()
