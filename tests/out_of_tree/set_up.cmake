# BUILD, SCRATCH, COMPILER, GENERATOR: see CMakeLists.txt.
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
endfunction()

file(REMOVE_RECURSE "${SCRATCH}")
run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${SCRATCH}/built_for")
# Nothing may remember where it was installed to.
file(RENAME "${SCRATCH}/built_for" "${SCRATCH}/moved to")

file(GLOB examples RELATIVE "${SCRATCH}/moved to/share/schedrig/examples"
  "${SCRATCH}/moved to/share/schedrig/examples/*")
foreach(example IN LISTS examples)
  run("${CMAKE_COMMAND}" -S "${SCRATCH}/moved to/share/schedrig/examples/${example}"
    -B "${SCRATCH}/${example}" -G "${GENERATOR}" "-DCMAKE_CXX_COMPILER=${COMPILER}"
    "-DCMAKE_PREFIX_PATH=${SCRATCH}/moved to" -DCMAKE_BUILD_TYPE=RelWithDebInfo
    "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror")
  run("${CMAKE_COMMAND}" --build "${SCRATCH}/${example}")
endforeach()
