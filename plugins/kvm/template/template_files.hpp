// SPDX-License-Identifier: MIT
// TemplateFiles: a saved machine in a directory: "state", a file of sections, and "memory".
//
// "state" is written last and appears whole, so that a directory whose writer was killed has none.
// Errors: kOs; kBadData: damaged, or of another format. Thread: any.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <schedrig/result.hpp>

#include "channel/messages.hpp"
#include "vmm/state/machine_state.hpp"

namespace schedrig::kvm {

// What a template depends on: key and value, sorted by key.
using TemplateFields = std::vector<std::pair<std::string, std::string>>;

struct TemplateContent {
  TemplateFields fields;
  Bytes session; // what the host's side of the agent needs; its format is the backend's
  std::shared_ptr<const SavedMachine> machine;
  std::vector<PageRun> first_writes; // what a machine writes to at once; may be empty
};

[[nodiscard]] Result<> store_template(const TemplateContent& content, const std::string& directory);

[[nodiscard]] Result<TemplateContent> load_template(const std::string& directory,
                                                    const TemplateFields& wanted);

// kInvalidArgument names the fields that differ.
[[nodiscard]] Result<> check_fields(const TemplateFields& fields, const TemplateFields& wanted);

// The file "state" without the memory that belongs to it. For load_template, and to be fuzzed.
struct StateFile {
  TemplateFields fields;
  Bytes session;
  MachineState state;
  Bytes ram_sums;
  std::vector<PageRun> first_writes;
};
[[nodiscard]] Result<StateFile> parse_state_file(ByteView file);
[[nodiscard]] Bytes build_state_file(const StateFile& file);

} // namespace schedrig::kvm
