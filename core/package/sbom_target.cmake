# The target `sbom`, made with everything else: build/sched.spdx.json says what the library is made
# of.  What the configuration found is written to a file of facts, from which sbom.cmake makes it.

if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

if(SCHED_EXAMPLES)
  find_package(CLI11 QUIET)
  find_path(STB_INCLUDE_DIR stb/stb_image_write.h)
endif()

set(SCHED_SBOM_DOCS ${CMAKE_INSTALL_DATADIR}/doc/sched)
set(facts ${CMAKE_CURRENT_BINARY_DIR}/sbom_facts.cmake)
set(text "")
foreach(fact PROJECT_VERSION CMAKE_SYSTEM_NAME CMAKE_CROSSCOMPILING
    CMAKE_CXX_COMPILER_ID CMAKE_CXX_COMPILER_VERSION SCHED_BLAS SCHED_HAVE_VULKAN SCHED_EXAMPLES SCHED_VULKAN_INCLUDE SCHED_VOLK_INCLUDE SCHED_GLSLANG
    SCHED_SPIRV_VAL STB_INCLUDE_DIR nlohmann_json_VERSION OPENBLAS_VERSION CLI11_VERSION)
  string(APPEND text "set(${fact} \"${${fact}}\")\n")
endforeach()
file(GENERATE OUTPUT ${facts} CONTENT "${text}")

file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/sched/*)
set(SCHED_SBOM ${PROJECT_BINARY_DIR}/sched.spdx.json)
set(script ${CMAKE_CURRENT_SOURCE_DIR}/package/sbom.cmake)
set(make_sbom ${CMAKE_COMMAND} -DFACTS=${facts})
add_custom_command(OUTPUT ${SCHED_SBOM}
  COMMAND ${make_sbom} -DLIBRARY=$<TARGET_FILE:sched> -DINCLUDE=${PROJECT_SOURCE_DIR}/include
    -DOUT=${SCHED_SBOM} -P ${script}
  DEPENDS sched ${script} ${facts} ${headers}
  VERBATIM)
add_custom_target(sbom ALL DEPENDS ${SCHED_SBOM})

# An installed library has another search path than that of the build, and so another hash.
set(library_folder ${CMAKE_INSTALL_LIBDIR})
if(WIN32 AND BUILD_SHARED_LIBS)
  set(library_folder ${CMAKE_INSTALL_BINDIR})
endif()
install(CODE "
  set(prefix \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\")
  file(MAKE_DIRECTORY \"\${prefix}/${SCHED_SBOM_DOCS}\")
  execute_process(COMMAND \"${CMAKE_COMMAND}\" \"-DFACTS=${facts}\"
    \"-DLIBRARY=\${prefix}/${library_folder}/$<TARGET_FILE_NAME:sched>\"
    \"-DINCLUDE=\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}\"
    \"-DOUT=\${prefix}/${SCHED_SBOM_DOCS}/sched.spdx.json\" -P \"${script}\"
    COMMAND_ERROR_IS_FATAL ANY)")
