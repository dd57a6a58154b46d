# schedrig_add_plugin(NAME KIND backend|scheduler SOURCES file...)
#
# A plugin as a MODULE library NAME.so, target schedrig_plugin_NAME: hidden symbols, so that two
# plugins never share any; undefined symbols refused at link time rather than at load. The file is
# written to SCHEDRIG_PLUGIN_OUTPUT_DIRECTORY, if that is set. With SCHEDRIG_STATIC_PLUGINS an archive
# to be linked whole into an executable instead (linked_plugin.hpp): property SCHEDRIG_LINKED_PLUGINS.
function(schedrig_add_plugin name)
  cmake_parse_arguments(PLUGIN "" "KIND" "SOURCES" ${ARGN})
  if(NOT name MATCHES "^[a-z][a-z0-9_]*$")
    message(FATAL_ERROR "schedrig_add_plugin(${name}): a plugin's name is a lower-case letter, "
      "then lower-case letters, digits and _")
  endif()
  if(NOT PLUGIN_KIND MATCHES "^(backend|scheduler)$")
    message(FATAL_ERROR "schedrig_add_plugin(${name}): KIND is backend or scheduler")
  endif()
  if(NOT PLUGIN_SOURCES)
    message(FATAL_ERROR "schedrig_add_plugin(${name}): no SOURCES")
  endif()
  set(target "schedrig_plugin_${name}")
  if(SCHEDRIG_STATIC_PLUGINS)
    add_library(${target} STATIC ${PLUGIN_SOURCES})
    target_compile_definitions(${target} PRIVATE SCHEDRIG_LINKED_PLUGIN)
    target_link_libraries(${target} PRIVATE schedrig::sdk)
    set_property(GLOBAL APPEND PROPERTY SCHEDRIG_LINKED_PLUGINS ${target})
    return()
  endif()
  add_library(${target} MODULE ${PLUGIN_SOURCES})
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME "${name}"
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_link_libraries(${target} PRIVATE schedrig::sdk)
  if(SCHEDRIG_SANITIZE) # their runtimes are left undefined in shared objects on purpose
    target_compile_options(${target} PRIVATE -fsanitize=${SCHEDRIG_SANITIZE})
    target_link_options(${target} PRIVATE -fsanitize=${SCHEDRIG_SANITIZE})
  else()
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
  if(SCHEDRIG_PLUGIN_OUTPUT_DIRECTORY)
    set_target_properties(${target} PROPERTIES
      LIBRARY_OUTPUT_DIRECTORY "${SCHEDRIG_PLUGIN_OUTPUT_DIRECTORY}")
  endif()
endfunction()
