# Writes what the library is made of as SPDX 2.3 in JSON.
# usage: cmake -DFACTS=FILE -DLIBRARY=FILE -DINCLUDE=FOLDER -DOUT=FILE -P sbom.cmake
# FACTS is what the configuration found, LIBRARY the file that is described, INCLUDE the folder of
# its headers.
cmake_minimum_required(VERSION 3.21)
include(${FACTS})

set(packages "[]")
set(files "[]")
set(relationships "[]")

# Sets `variable` to `text` as a value of JSON.
function(json_text variable text)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  set(${variable} "\"${text}\"" PARENT_SCOPE)
endfunction()

# Sets members of the object `variable`: pairs of a name and a text.
function(json_members variable)
  set(object "${${variable}}")
  math(EXPR last "${ARGC} - 1")
  # By index: a text may hold a semicolon, which ends an entry of a list.
  foreach(at RANGE 1 ${last} 2)
    math(EXPR next "${at} + 1")
    json_text(value "${ARGV${next}}")
    string(JSON object SET "${object}" ${ARGV${at}} "${value}")
  endforeach()
  set(${variable} "${object}" PARENT_SCOPE)
endfunction()

macro(json_append array value)
  string(JSON length LENGTH "${${array}}")
  string(JSON ${array} SET "${${array}}" ${length} "${value}")
endmacro()

macro(relate from type to)
  set(relationship "{}")
  json_members(relationship spdxElementId "${from}" relationshipType "${type}"
    relatedSpdxElement "${to}")
  json_append(relationships "${relationship}")
endmacro()

# The name of a package as an identifier, in which SPDX allows no plus sign.
macro(identify variable name)
  string(REPLACE "+" "p" ${variable} "SPDXRef-${name}")
endmacro()

# A package that is no part of what is described, but that it needs.
# usage: dependency(NAME VERSION LICENCE HOME COMMENT)
macro(dependency name version licence home comment)
  set(package "{}")
  identify(id "${name}")
  set(found "${version}")
  if(found STREQUAL "")
    set(found NOASSERTION)
  endif()
  json_members(package name "${name}" SPDXID "${id}" versionInfo "${found}"
    downloadLocation "${home}" licenseDeclared "${licence}" licenseConcluded "${licence}"
    copyrightText NOASSERTION comment "${comment}")
  string(JSON package SET "${package}" filesAnalyzed false)
  json_append(packages "${package}")
endmacro()

# The first group of `pattern` in a file, or in what a program prints for its --version.
function(find_version variable source pattern)
  if(ARGN STREQUAL "PROGRAM")
    execute_process(COMMAND "${source}" --version OUTPUT_VARIABLE text ERROR_QUIET)
  elseif(EXISTS "${source}")
    file(READ "${source}" text)
  endif()
  set(${variable} "" PARENT_SCOPE)
  if("${text}" MATCHES "${pattern}")
    set(${variable} "${CMAKE_MATCH_1}" PARENT_SCOPE)
  endif()
endfunction()

# ------------------------------------------------------------- the library itself

set(hashes "")
macro(add_file path name id)
  file(SHA1 "${path}" sha1)
  file(SHA256 "${path}" sha256)
  list(APPEND hashes ${sha1})
  set(file "{}")
  json_members(file SPDXID "${id}" fileName "./${name}" licenseConcluded Apache-2.0
    copyrightText NOASSERTION)
  string(JSON file SET "${file}" checksums
    "[{\"algorithm\": \"SHA1\", \"checksumValue\": \"${sha1}\"},
      {\"algorithm\": \"SHA256\", \"checksumValue\": \"${sha256}\"}]")
  json_append(files "${file}")
  relate(SPDXRef-sched CONTAINS "${id}")
endmacro()

get_filename_component(library_name "${LIBRARY}" NAME)
add_file("${LIBRARY}" "lib/${library_name}" SPDXRef-library)
file(SHA256 "${LIBRARY}" library_hash)
file(GLOB headers RELATIVE "${INCLUDE}" "${INCLUDE}/sched/*.h" "${INCLUDE}/sched/*.hpp")
foreach(header IN LISTS headers)
  string(REGEX REPLACE "[^A-Za-z0-9.]" "-" id "${header}")
  add_file("${INCLUDE}/${header}" "include/${header}" "SPDXRef-${id}")
endforeach()

# What SPDX defines: the hash of the sorted hashes.
list(SORT hashes)
string(REPLACE ";" "" hashes "${hashes}")
string(SHA1 verification "${hashes}")
set(package "{}")
json_members(package name sched SPDXID SPDXRef-sched versionInfo "${PROJECT_VERSION}"
  downloadLocation NOASSERTION licenseDeclared Apache-2.0 licenseConcluded Apache-2.0
  copyrightText NOASSERTION primaryPackagePurpose LIBRARY)
string(JSON package SET "${package}" filesAnalyzed true)
string(JSON package SET "${package}" packageVerificationCode
  "{\"packageVerificationCodeValue\": \"${verification}\"}")
json_append(packages "${package}")
relate(SPDXRef-DOCUMENT DESCRIBES SPDXRef-sched)

# ------------------------------------------------------------------ what it needs

# Compiled in.
dependency(nlohmann-json "${nlohmann_json_VERSION}" MIT https://github.com/nlohmann/json
  "headers, compiled in")
relate(SPDXRef-sched STATIC_LINK SPDXRef-nlohmann-json)
if(SCHED_HAVE_VULKAN)
  find_version(volk "${SCHED_VOLK_INCLUDE}/volk.h" "VOLK_HEADER_VERSION ([0-9]+)")
  dependency(volk "${volk}" MIT https://github.com/zeux/volk
    "its search for the loader, compiled in; the version is that of Vulkan's headers")
  relate(SPDXRef-sched STATIC_LINK SPDXRef-volk)
  find_version(vulkan "${SCHED_VULKAN_INCLUDE}/vulkan/vulkan_core.h"
    "define VK_HEADER_VERSION ([0-9]+)")
  dependency(Vulkan-Headers "${vulkan}" Apache-2.0
    https://github.com/KhronosGroup/Vulkan-Headers "types and constants; VK_HEADER_VERSION")
  relate(SPDXRef-Vulkan-Headers BUILD_DEPENDENCY_OF SPDXRef-sched)
endif()

# Shared libraries.  Each comment names those that a dynamic section may, without their suffixes.
set(gcc_licence "GPL-3.0-or-later WITH GCC-exception-3.1")
macro(shared_dependency name version licence home libraries)
  dependency("${name}" "${version}" "${licence}" "${home}" "shared libraries: ${libraries}")
  relate(SPDXRef-sched DYNAMIC_LINK "${id}")
  relate(SPDXRef-sched DEPENDS_ON "${id}")
endmacro()
if(SCHED_BLAS)
  shared_dependency(OpenBLAS "${OPENBLAS_VERSION}" BSD-3-Clause
    https://github.com/OpenMathLib/OpenBLAS "libopenblas")
endif()
if(CMAKE_SYSTEM_NAME STREQUAL Linux)
  set(runtime_version "")
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    set(runtime_version "${CMAKE_CXX_COMPILER_VERSION}")
  endif()
  shared_dependency(libstdc++ "${runtime_version}" "${gcc_licence}" https://gcc.gnu.org
    "libstdc++ libgcc_s")
  # Of the machine that builds, and so of no other.
  set(libc "")
  find_program(getconf getconf)
  if(getconf AND NOT CMAKE_CROSSCOMPILING)
    execute_process(COMMAND ${getconf} GNU_LIBC_VERSION OUTPUT_VARIABLE libc ERROR_QUIET
      OUTPUT_STRIP_TRAILING_WHITESPACE)
    string(REPLACE "glibc " "" libc "${libc}")
  endif()
  shared_dependency(libc "${libc}" LGPL-2.1-or-later https://www.gnu.org/software/libc
    "libc libm libdl libpthread librt ld-linux")
elseif(CMAKE_SYSTEM_NAME STREQUAL Android)
  shared_dependency(libc++ "" "Apache-2.0 WITH LLVM-exception" https://libcxx.llvm.org
    "libc++_shared")
  shared_dependency(bionic "" BSD-3-Clause https://android.googlesource.com/platform/bionic
    "libc libm libdl")
endif()

# Tools of the build, of which the library has nothing inside.
macro(build_tool name version licence home comment)
  dependency("${name}" "${version}" "${licence}" "${home}" "${comment}")
  relate("${id}" BUILD_TOOL_OF SPDXRef-sched)
endmacro()
set(compiler "${CMAKE_CXX_COMPILER_ID}")
if(compiler STREQUAL GNU)
  set(compiler GCC)
  set(compiler_licence "${gcc_licence}")
elseif(compiler MATCHES Clang)
  set(compiler_licence "Apache-2.0 WITH LLVM-exception")
else()
  set(compiler_licence NOASSERTION)
endif()
build_tool("${compiler}" "${CMAKE_CXX_COMPILER_VERSION}" "${compiler_licence}"
  NOASSERTION "compiler")
build_tool(CMake "${CMAKE_VERSION}" BSD-3-Clause https://cmake.org "makes the build")
if(SCHED_HAVE_VULKAN)
  find_version(glslang "${SCHED_GLSLANG}" "Glslang Version: [0-9]+:([0-9.]+)" PROGRAM)
  build_tool(glslang "${glslang}" BSD-3-Clause https://github.com/KhronosGroup/glslang
    "compiles the shaders; files of it have other licences: MIT, Apache-2.0, one of NVIDIA, \
GPL-3.0-or-later WITH Bison-exception-2.2")
  find_version(spirv "${SCHED_SPIRV_VAL}" "SPIRV-Tools v([0-9.]+)" PROGRAM)
  build_tool(SPIRV-Tools "${spirv}" Apache-2.0 https://github.com/KhronosGroup/SPIRV-Tools
    "checks the shaders")
endif()

# The program `sched`, where it is built.
if(SCHED_EXAMPLES)
  dependency(sched-program "${PROJECT_VERSION}" Apache-2.0 NOASSERTION
    "the program of the examples")
  relate(SPDXRef-sched-program DYNAMIC_LINK SPDXRef-sched)
  relate(SPDXRef-sched-program STATIC_LINK SPDXRef-nlohmann-json)
  dependency(CLI11 "${CLI11_VERSION}" BSD-3-Clause https://github.com/CLIUtils/CLI11
    "headers, compiled into the program")
  relate(SPDXRef-sched-program STATIC_LINK SPDXRef-CLI11)
  find_version(stb "${STB_INCLUDE_DIR}/stb/stb_image_write.h" "v([0-9.]+) - public domain")
  dependency(stb "${stb}" "MIT OR Unlicense" https://github.com/nothings/stb
    "stb_image_write.h, compiled into the program; the version is that file's")
  relate(SPDXRef-sched-program STATIC_LINK SPDXRef-stb)
endif()

# ---------------------------------------------------------------------- document

# The time of SOURCE_DATE_EPOCH where that is set.
string(TIMESTAMP now "%Y-%m-%dT%H:%M:%SZ" UTC)
set(document "{}")
json_members(document spdxVersion SPDX-2.3 dataLicense CC0-1.0 SPDXID SPDXRef-DOCUMENT
  name "sched-${PROJECT_VERSION}"
  documentNamespace "https://spdx.org/spdxdocs/sched-${PROJECT_VERSION}-${library_hash}")
string(JSON document SET "${document}" creationInfo
  "{\"created\": \"${now}\", \"creators\": [\"Tool: CMake-${CMAKE_VERSION}\"]}")
foreach(part packages files relationships)
  string(JSON document SET "${document}" ${part} "${${part}}")
endforeach()
file(WRITE "${OUT}" "${document}\n")
