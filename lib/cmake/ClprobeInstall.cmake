# Installs clprobe, and makes the build tree a package too: find_package(clprobe) takes either.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/clprobe")

get_target_property(library_type clprobe_core TYPE)
string(COMPARE EQUAL "${library_type}" STATIC_LIBRARY CLPROBE_IS_STATIC)

# An export a component: a consumer of one needs no other's dependencies.
foreach(component core probes runner catch2)
    if(NOT TARGET clprobe_${component})
        continue()
    endif()
    install(
        TARGETS clprobe_${component}
        EXPORT clprobe-${component}
        INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    )
    install(
        EXPORT clprobe-${component}
        NAMESPACE clprobe::
        DESTINATION "${package_dir}"
    )
    export(
        EXPORT clprobe-${component}
        NAMESPACE clprobe::
        FILE "${PROJECT_BINARY_DIR}/clprobe-${component}.cmake"
    )
endforeach()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/clprobe" TYPE INCLUDE)
# To copy and change: the program has them within it.
install(DIRECTORY "${PROJECT_SOURCE_DIR}/harness/workloads/networks"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/clprobe")

# The program finds shared libraries beside it, wherever the whole is moved.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_LIBDIR BASE_DIRECTORY "${CMAKE_INSTALL_FULL_BINDIR}"
           OUTPUT_VARIABLE from_program)
set_target_properties(clprobe PROPERTIES INSTALL_RPATH "$ORIGIN/${from_program}")
set_target_properties(clprobe PROPERTIES EXPORT_NAME program)
install(TARGETS clprobe EXPORT clprobe-program)
# No target of the package: clprobe finds them beside it.
get_property(programs GLOBAL PROPERTY CLPROBE_PROGRAMS_BESIDE)
if(programs)
    set_target_properties(${programs} PROPERTIES INSTALL_RPATH "$ORIGIN/${from_program}")
    install(TARGETS ${programs})
endif()
install(
    EXPORT clprobe-program
    NAMESPACE clprobe::
    DESTINATION "${package_dir}"
)
export(
    EXPORT clprobe-program
    NAMESPACE clprobe::
    FILE "${PROJECT_BINARY_DIR}/clprobe-program.cmake"
)

# The package, the same in both places: all that it includes lies beside it.
set(package_files ClprobeAddProbes.cmake ClprobeEmbedKernels.cmake ClprobeDeviceTests.cmake
                  ClprobeListDeviceTests.cmake ClprobeExpectations.cmake
                  ClprobeMeasureExpectations.cmake)
foreach(file IN LISTS package_files)
    configure_file("${CMAKE_CURRENT_LIST_DIR}/${file}" "${PROJECT_BINARY_DIR}/${file}" COPYONLY)
endforeach()
configure_file("${CMAKE_CURRENT_LIST_DIR}/clprobe-config.cmake.in"
               "${PROJECT_BINARY_DIR}/clprobe-config.cmake" @ONLY)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/clprobe-config-version.cmake"
                                 COMPATIBILITY SameMinorVersion)
list(APPEND package_files clprobe-config.cmake clprobe-config-version.cmake)
list(TRANSFORM package_files PREPEND "${PROJECT_BINARY_DIR}/")
install(FILES ${package_files} DESTINATION "${package_dir}")

# For builds without CMake. Static libraries need what they use named, shared ones do not.
set(CLPROBE_PC_REQUIRES "")
set(CLPROBE_PC_LIBS "")
if(CLPROBE_IS_STATIC)
    set(CLPROBE_PC_REQUIRES "fmt zlib")
    set(CLPROBE_PC_LIBS "-ldl -pthread")
endif()
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_INCLUDEDIR BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}"
           OUTPUT_VARIABLE CLPROBE_PC_INCLUDEDIR)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_LIBDIR BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}"
           OUTPUT_VARIABLE CLPROBE_PC_LIBDIR)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY
           "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" OUTPUT_VARIABLE CLPROBE_PC_PREFIX)
configure_file("${CMAKE_CURRENT_LIST_DIR}/clprobe.pc.in" "${PROJECT_BINARY_DIR}/clprobe.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/clprobe.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
