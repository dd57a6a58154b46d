# schedrig_add_bpf_object(NAME SOURCE): a BPF object NAME.bpf.o in scx/ of the plugins' directory, target
# schedrig_bpf_NAME. Compiled for every kernel: it is told of the running one when it is loaded.
# Needs clang and the headers of libbpf; no kernel.
find_program(SCHEDRIG_BPF_CLANG NAMES clang-19 clang REQUIRED)
set(SCHEDRIG_BPF_OUTPUT_DIRECTORY "${SCHEDRIG_PLUGIN_OUTPUT_DIRECTORY}/scx")

# -mcpu=v3: 32-bit jumps and atomics, which every kernel with sched_ext runs. The kernel's headers of
# this machine's architecture are not in clang's own search path for BPF.
function(schedrig_compile_bpf source object)
  set(input "${CMAKE_CURRENT_SOURCE_DIR}/${source}")
  get_filename_component(name "${source}" NAME_WE)
  add_custom_command(OUTPUT "${object}"
    COMMAND "${SCHEDRIG_BPF_CLANG}" -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror
      -Wno-unused-parameter "-I${CMAKE_SOURCE_DIR}" "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/="
      -idirafter "/usr/include/${CMAKE_LIBRARY_ARCHITECTURE}"
      -MD -MF "${CMAKE_CURRENT_BINARY_DIR}/${name}.d" -MT "${object}" -c "${input}" -o "${object}"
    DEPENDS "${input}"
    DEPFILE "${CMAKE_CURRENT_BINARY_DIR}/${name}.d"
    COMMENT "BPF object ${name}.bpf.o" VERBATIM)
endfunction()

function(schedrig_add_bpf_object name source)
  set(object "${SCHEDRIG_BPF_OUTPUT_DIRECTORY}/${name}.bpf.o")
  file(MAKE_DIRECTORY "${SCHEDRIG_BPF_OUTPUT_DIRECTORY}")
  schedrig_compile_bpf("${source}" "${object}")
  add_custom_target(schedrig_bpf_${name} ALL DEPENDS "${object}")
  add_dependencies(schedrig_plugin_${name} schedrig_bpf_${name})
  install(FILES "${object}" DESTINATION lib/schedrig/plugins/scx)
endfunction()
