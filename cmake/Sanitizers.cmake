# SCHEDRIG_SANITIZE=address,undefined | thread: for the whole build, plugins included.
set(SCHEDRIG_SANITIZE "" CACHE STRING "sanitizers, as for -fsanitize=")
# Coverage for libFuzzer in everything, its main in the targets of tests/fuzz (clang only).
option(SCHEDRIG_FUZZ "build the fuzz targets with libFuzzer" OFF)
if(SCHEDRIG_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(SCHEDRIG_SANITIZE)
  add_compile_options(-fsanitize=${SCHEDRIG_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SCHEDRIG_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang") # says what g++ says by itself
    if(SCHEDRIG_SANITIZE MATCHES "address")
      add_compile_definitions(__SANITIZE_ADDRESS__=1)
    elseif(SCHEDRIG_SANITIZE MATCHES "thread")
      add_compile_definitions(__SANITIZE_THREAD__=1)
    endif()
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU") # sees what is not there in instrumented code
    add_compile_options(-Wno-maybe-uninitialized -Wno-null-dereference)
  endif()
endif()

# For a static executable, which no sanitizer can be linked into.
function(schedrig_without_sanitizers target)
  foreach(property IN ITEMS COMPILE_OPTIONS LINK_OPTIONS)
    get_target_property(options ${target} ${property})
    if(options)
      list(FILTER options EXCLUDE REGEX "sanitize")
      set_target_properties(${target} PROPERTIES ${property} "${options}")
    endif()
  endforeach()
endfunction()
