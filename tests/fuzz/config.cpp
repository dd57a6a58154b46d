// SPDX-License-Identifier: MIT
// Config text: every text is either a scenario or has errors with places in the text.
#include "host/config/config.hpp"

#include "host/config/explain.hpp"
#include "host/config/render.hpp"
#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace schedrig;
  const auto loaded =
      config::load_text(std::string(fuzz::as_text(data, size)), "fuzz.toml",
                        {.overlays = {}, .sets = {}, .accept_unlanded = (size & 1U) != 0});
  for (const config::Diagnostic& diagnostic : loaded.diagnostics) {
    fuzz::require(!diagnostic.message.empty(), "an error has a message");
    fuzz::require(diagnostic.pos.file < loaded.sources.size(), "an error is in a source");
  }
  const std::string shown = config::render(loaded.diagnostics, loaded.sources, {});
  fuzz::require(shown.empty() == loaded.ok(), "errors are shown");
  if (loaded.ok()) {
    fuzz::require(!config::effective_keys(loaded).empty(), "a scenario has keys");
  }
  return 0;
}
