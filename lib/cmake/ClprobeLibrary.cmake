# What clprobe's own libraries have in common.

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

# clprobe_precompile(<target> [<header>...]): precompiles what most sources include, a third of the
# build's time. Not where a launcher caches compilations, which precompiled headers defeat, nor
# where position-independent and other code would have to share them.
function(clprobe_precompile target)
    if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CXX_COMPILER_LAUNCHER AND NOT BUILD_SHARED_LIBS)
        target_precompile_headers(${target} ${ARGN})
    endif()
endfunction()
