# Warnings for our own code; errors where SCHEDRIG_WERROR is on (the presets that CI uses).
option(SCHEDRIG_WERROR "treat warnings as errors" OFF)
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion
  "$<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor;-Wold-style-cast;-Woverloaded-virtual>"
  -Wnull-dereference)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wduplicated-cond -Wlogical-op)
else() # clang with g++ 12's library: its own stable_sort uses what it deprecates
  add_compile_options(-Wno-deprecated-declarations)
endif()
if(SCHEDRIG_WERROR)
  add_compile_options(-Werror)
endif()
