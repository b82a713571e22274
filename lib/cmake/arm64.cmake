# Toolchain for 64-bit Arm boards: Debian's cross compiler, and all libraries from CLPROBE_SYSROOT, a
# variable of CMake or of the environment: the root of a board's system, or a Debian that is only
# unpacked (docs/guide.md says how).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

# The checks of the compiler are projects of their own, which know these variables only.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES CLPROBE_SYSROOT)
if(NOT CLPROBE_SYSROOT) # kept, for when the build configures itself anew
    set(CLPROBE_SYSROOT "$ENV{CLPROBE_SYSROOT}" CACHE PATH "The system to build for" FORCE)
endif()
if(NOT CLPROBE_SYSROOT OR NOT IS_DIRECTORY "${CLPROBE_SYSROOT}/usr/include")
    message(FATAL_ERROR "CLPROBE_SYSROOT ('${CLPROBE_SYSROOT}') is no system with headers")
endif()
set(CMAKE_SYSROOT "${CLPROBE_SYSROOT}")
# Its libraries may want a newer libstdc++ than this compiler's: the board has it.
set(CMAKE_EXE_LINKER_FLAGS_INIT -Wl,--allow-shlib-undefined)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
