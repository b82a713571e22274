# The libraries that draw the charts of `clprobe html`, from npm, each pinned by its version and hash
# (docs/adr/0020-charts-of-pages.md). Run as a script (cmake -P, as ./bootstrap does) this downloads
# them; included by a build it leaves their texts in CLPROBE_VEGA_<NAME>, or sets CLPROBE_VEGA_MISSING.
cmake_minimum_required(VERSION 3.25)

cmake_path(ABSOLUTE_PATH CMAKE_CURRENT_LIST_DIR NORMALIZE OUTPUT_VARIABLE folder)
cmake_path(SET folder NORMALIZE "${folder}/../../.cache/vega")
set(CLPROBE_VEGA_DIR "${folder}" CACHE PATH "Where the npm packages of ClprobeVega.cmake lie")

set(packages vega-6.4.0 vega-lite-6.5.0 vega-interpreter-2.3.2)
set(hashes
    ac75c2ab62e911608b3235c1123ee1a1c63d1b4fe2e5319845ac861928f4e954c5e3e976206d99ee87992828d66d487fee14c4fe65616da38f07bdb0084961ea
    7cc5c5eacd0cac88345135a72c87de16d8122f3561cb348aa1bcc6ae1e6b852fa62fa14e6051b79bba2e278536de08fae442be825f452084f9c3bc0b35a03390
    2430288b7b5a15c0832ee8d91bce1334d517764019e56b121ecb31f2559561ac5bf5296c8e4eefecfb512185e94a55302da286441aa827d283b37e99d1e30423
)
set(files vega.min.js vega-lite.min.js vega-interpreter.js)

# What is fetched comes from npm's registry, or from the one that npm's own variable names.
function(fetch)
    set(registry "$ENV{npm_config_registry}")
    if(registry STREQUAL "")
        set(registry https://registry.npmjs.org)
    endif()
    string(REGEX REPLACE "/$" "" registry "${registry}")
    foreach(package hash IN ZIP_LISTS packages hashes)
        set(archive "${CLPROBE_VEGA_DIR}/${package}.tgz")
        if(EXISTS "${archive}")
            file(SHA512 "${archive}" there)
            if(there STREQUAL hash)
                continue()
            endif()
        endif()
        string(REGEX REPLACE "-[0-9.]+$" "" name "${package}")
        file(DOWNLOAD "${registry}/${name}/-/${package}.tgz" "${archive}.new" STATUS status
             INACTIVITY_TIMEOUT 30
        )
        set(there "")
        if(status MATCHES "^0;")
            file(SHA512 "${archive}.new" there)
        endif()
        if(NOT there STREQUAL hash)
            file(REMOVE "${archive}.new")
            message(FATAL_ERROR "${package} cannot be had from ${registry}: ${status}")
        endif()
        file(RENAME "${archive}.new" "${archive}")
    endforeach()
endfunction()

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
    fetch()
    return()
endif()

# A package that comes or goes has the build configured anew.
file(GLOB there CONFIGURE_DEPENDS "${CLPROBE_VEGA_DIR}/*.tgz")
set(CLPROBE_VEGA_MISSING "")
foreach(package hash file IN ZIP_LISTS packages hashes files)
    set(archive "${CLPROBE_VEGA_DIR}/${package}.tgz")
    if(NOT EXISTS "${archive}")
        set(CLPROBE_VEGA_MISSING "${archive}")
        break()
    endif()
    file(SHA512 "${archive}" found)
    if(NOT found STREQUAL hash)
        message(FATAL_ERROR "${archive} is not what npm has as ${package}: delete it")
    endif()
    string(REGEX REPLACE "-[0-9.]+$" "" name "${package}")
    set(unpacked "${CMAKE_CURRENT_BINARY_DIR}/${package}")
    file(ARCHIVE_EXTRACT INPUT "${archive}" DESTINATION "${unpacked}"
         PATTERNS "package/build/${file}" package/LICENSE
    )
    string(TOUPPER "${name}" variable)
    string(REPLACE "-" "_" variable "CLPROBE_${variable}")
    file(READ "${unpacked}/package/build/${file}" ${variable})
    file(READ "${unpacked}/package/LICENSE" ${variable}_LICENSE)
endforeach()
