// SPDX-License-Identifier: MIT
#include "host/engine/ops_bpf_map.hpp"

#include <algorithm>
#include <string>

namespace schedrig::engine {
namespace {

// A BPF file system has no names with dots (kernel/bpf/inode.c, Linux 6.12), which maps of sections
// such as .bss have.
std::string pin_path(std::string name) {
  std::ranges::replace(name, '.', '_');
  return std::string(kBpfFileSystem) + "/" + name;
}

} // namespace

Result<> apply(OpContext& context, const PinBpfMap& op) {
  BpfMapsFacet* const maps = context.session.bpf_maps();
  if (maps == nullptr) {
    return fail(StatusCode::kUnsupported, "the machine cannot pin BPF maps",
                "`schedrig backends` says which can");
  }
  auto done = from_status(maps->pin(op.name, pin_path(op.name)));
  if (!done) {
    context.session.note_failure(done.error());
    return std::unexpected(std::move(done).error().context("pin BPF map \"" + op.name + "\""));
  }
  context.session.note_pinned_map();
  return {};
}

Result<> unpin_maps(Session& session) {
  return session.has_pinned_maps() ? from_status(session.bpf_maps()->unpin_all()) : Result<>();
}

} // namespace schedrig::engine
