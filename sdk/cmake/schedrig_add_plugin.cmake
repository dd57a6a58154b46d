# schedrig_add_plugin(NAME KIND backend|scheduler SOURCES file...)
#
# A plugin as a MODULE library NAME.so: hidden symbols, so that two plugins never share any;
# undefined symbols refused at link time rather than at load.
function(schedrig_add_plugin name)
  cmake_parse_arguments(PLUGIN "" "KIND" "SOURCES" ${ARGN})
  if(NOT PLUGIN_KIND MATCHES "^(backend|scheduler)$")
    message(FATAL_ERROR "schedrig_add_plugin(${name}): KIND is backend or scheduler")
  endif()
  if(NOT PLUGIN_SOURCES)
    message(FATAL_ERROR "schedrig_add_plugin(${name}): no SOURCES")
  endif()
  set(target "schedrig_plugin_${name}")
  add_library(${target} MODULE ${PLUGIN_SOURCES})
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME "${name}"
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_link_libraries(${target} PRIVATE schedrig::sdk)
  if(NOT SCHEDRIG_SANITIZE) # sanitizer runtimes are left undefined in shared objects on purpose
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
  if(SCHEDRIG_PLUGIN_OUTPUT_DIRECTORY)
    set_target_properties(${target} PROPERTIES
      LIBRARY_OUTPUT_DIRECTORY "${SCHEDRIG_PLUGIN_OUTPUT_DIRECTORY}")
  endif()
endfunction()
