# `cmake --install`: what running needs, and what plugin authors need (sdk/CMakeLists.txt). All
# places are relative to the prefix, and nothing records it: an installed tree may be moved.
install(TARGETS schedrig RUNTIME DESTINATION bin)
install(TARGETS schedrig-lab-init RUNTIME DESTINATION lib/schedrig)
install(TARGETS schedrig_agent schedrig_scx RUNTIME DESTINATION lib/schedrig/plugins/kvm)
if(NOT SCHEDRIG_STATIC_PLUGINS)
  foreach(plugin IN ITEMS central eevdf faulty fifo kvm mock scx vtime)
    install(TARGETS schedrig_plugin_${plugin} LIBRARY DESTINATION lib/schedrig/plugins)
  endforeach()
endif()

# The configs' first line names the schema by its relative path.
install(DIRECTORY configs schema examples DESTINATION share/schedrig USE_SOURCE_PERMISSIONS)
# What users and plugin authors read, in the layout of the sources and with what it refers to, so
# that links lead on; what is about the sources themselves stays with them.
install(DIRECTORY docs/guide docs/reference DESTINATION share/doc/schedrig/docs
  USE_SOURCE_PERMISSIONS)
install(FILES docs/README.md DESTINATION share/doc/schedrig/docs)
install(DIRECTORY configs schema examples DESTINATION share/doc/schedrig USE_SOURCE_PERMISSIONS)
install(DIRECTORY sdk/include DESTINATION share/doc/schedrig/sdk)
install(FILES LICENSE DESTINATION share/doc/schedrig)
