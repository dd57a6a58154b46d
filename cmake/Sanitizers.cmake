# SCHEDRIG_SANITIZE=address,undefined | thread: for the whole build, plugins included.
set(SCHEDRIG_SANITIZE "" CACHE STRING "sanitizers, as for -fsanitize=")
if(SCHEDRIG_SANITIZE)
  add_compile_options(-fsanitize=${SCHEDRIG_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SCHEDRIG_SANITIZE})
endif()
