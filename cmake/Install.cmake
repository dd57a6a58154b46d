# `cmake --install`: what running needs, and what plugin authors need (sdk/CMakeLists.txt). All
# places are relative to the prefix, and nothing records it: an installed tree may be moved.
install(TARGETS schedrig RUNTIME DESTINATION bin)
install(TARGETS schedrig-lab-init RUNTIME DESTINATION lib/schedrig)
install(TARGETS schedrig_agent RUNTIME DESTINATION lib/schedrig/plugins/kvm)
if(NOT SCHEDRIG_STATIC_PLUGINS)
  foreach(plugin IN ITEMS central eevdf faulty fifo kvm mock vtime)
    install(TARGETS schedrig_plugin_${plugin} LIBRARY DESTINATION lib/schedrig/plugins)
  endforeach()
endif()

# The configs' first line names the schema by its relative path.
install(DIRECTORY configs schema examples DESTINATION share/schedrig)
# With the layout of the sources, so that links lead on.
install(DIRECTORY docs configs DESTINATION share/doc/schedrig)
install(FILES README.md ARCHITECTURE.md LICENSE DESTINATION share/doc/schedrig)
