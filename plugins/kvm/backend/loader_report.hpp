// SPDX-License-Identifier: MIT
// LoaderReport: what a scheduler's loader said before it ended: schedrig-scx in its own lines
// (report_lines.hpp), other loaders in the field's words, "EXIT: REASON (MESSAGE)". Everything
// comes from a guest: what makes no sense is ignored. Pure; thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace schedrig::kvm {

struct LoaderReport {
  bool attached = false;            // at some time
  std::optional<std::int64_t> kind; // enum scx_exit_kind
  std::int64_t code = 0;
  std::string reason;
  std::string message;
  std::string dump;
  std::string failed; // why it could not be attached
  std::string log;    // for people: notes, or the verifier's words
};

[[nodiscard]] LoaderReport read_loader_lines(std::string_view standard_output);
// Of a loader that is not ours.
[[nodiscard]] LoaderReport read_foreign_output(std::string_view standard_output,
                                               std::string_view standard_error);

// The end of a log for an error's help: lines that fit into `most` bytes, at least one's end.
[[nodiscard]] std::string_view last_whole_lines(std::string_view text, std::size_t most);

} // namespace schedrig::kvm
