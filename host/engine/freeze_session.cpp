// SPDX-License-Identifier: MIT
#include "host/engine/freeze_session.hpp"

#include <utility>

namespace schedrig::engine {

Result<FreezeWindow> freeze(Session& session) {
  FreezeFacet* freezer = session.freezer();
  if (freezer == nullptr) {
    return fail(StatusCode::kUnsupported, "the machine's CPUs cannot be stopped together");
  }
  auto window = FreezeWindow::open(*freezer);
  if (!window) {
    if (window.error().code != StatusCode::kTimeout) { // after which the machine goes on
      session.note_failure(window.error());
    }
    return std::unexpected(std::move(window).error().context("freeze the machine"));
  }
  return window;
}

} // namespace schedrig::engine
