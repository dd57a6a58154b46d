// SPDX-License-Identifier: MIT
// rt-app's JSON: every text gives tasks or problems with a place.
#include "host/import/rt_app.hpp"

#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace schedrig;
  const auto imported = import::import_rt_app(fuzz::as_text(data, size), 0);
  fuzz::require(!imported.problems.empty() || !imported.tasks.empty(), "tasks, or why not");
  for (const import::Problem& problem : imported.problems) {
    fuzz::require(!problem.message.empty() && problem.place.line > 0, "a problem has its place");
  }
  return 0;
}
