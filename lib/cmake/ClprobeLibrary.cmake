# What clprobe's own libraries have in common.
include(CheckCXXCompilerFlag)

# a * b + c rounds twice on every processor: where a compiler may make one fused operation of it, as
# GCC does for arm64, a report read again would not show the same to the last bit.
check_cxx_compiler_flag(-ffp-contract=off CLPROBE_CAN_ROUND_EACH_OPERATION)

# clprobe_add_library(<name> [<source>...]): the library clprobe::<name>.
function(clprobe_add_library name)
    set(target clprobe_${name})
    add_library(${target} ${ARGN})
    add_library(clprobe::${name} ALIAS ${target})
    set_target_properties(
        ${target}
        PROPERTIES EXPORT_NAME ${name}
                   VERSION ${PROJECT_VERSION}
                   # Before 1.0 a minor version may change the interface.
                   SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
                   INSTALL_RPATH "$ORIGIN"
    )
    target_compile_features(${target} PUBLIC cxx_std_20)
    if(CLPROBE_CAN_ROUND_EACH_OPERATION)
        target_compile_options(${target} PRIVATE -ffp-contract=off)
    endif()
endfunction()

# clprobe_use_headers(<target> <library>...): the include directories of header-only libraries that
# show in none of the target's own headers. Linked plainly, they would become requirements of every
# consumer of a static library.
function(clprobe_use_headers target)
    foreach(library IN LISTS ARGN)
        target_include_directories(
            ${target} SYSTEM PRIVATE $<TARGET_PROPERTY:${library},INTERFACE_INCLUDE_DIRECTORIES>
        )
    endforeach()
endfunction()

# clprobe_unite(<target>): has a unity build (CMAKE_UNITY_BUILD) compile the sources of one folder as
# one, as clprobe_add_probes does with those of one probe. It takes a third of the time: headers are
# read and templates made but once for all of them.
function(clprobe_unite target)
    set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
    get_target_property(sources ${target} SOURCES)
    foreach(source IN LISTS sources)
        get_source_file_property(group "${source}" UNITY_GROUP)
        if(NOT group)
            cmake_path(ABSOLUTE_PATH source NORMALIZE)
            cmake_path(GET source PARENT_PATH folder)
            cmake_path(GET folder FILENAME group)
            set_source_files_properties("${source}" PROPERTIES UNITY_GROUP ${group})
        endif()
    endforeach()
endfunction()
