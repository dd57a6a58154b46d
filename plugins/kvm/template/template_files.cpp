// SPDX-License-Identifier: MIT
#include "template/template_files.hpp"

#include <cerrno>
#include <cstdio>
#include <map>

#include <fcntl.h>
#include <unistd.h>

#include "channel/byte_codec.hpp"
#include "template/ram_file.hpp"
#include "template/sections.hpp"
#include "template/state_codec.hpp"
#include "vmm/mapped_file.hpp"

namespace schedrig::kvm {
namespace {

enum : std::uint32_t {
  kFields = 1,
  kSession = 2,
  kBoot = 3,
  kVm = 4,
  kBoard = 5,
  kMemory = 6,
  kFirstWrites = 7
};

constexpr std::uint32_t kMaxFields = 64;
constexpr std::uint32_t kMaxPageRuns = 65536;
constexpr std::size_t kMaxFieldBytes = 64 << 10; // the kernel's command line is one

std::string memory_path(const std::string& directory) {
  return directory + "/memory";
}
std::string state_path(const std::string& directory) {
  return directory + "/state";
}

Bytes encode_fields(const TemplateFields& fields) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.put(static_cast<std::uint32_t>(fields.size()));
  for (const auto& [key, value] : fields) {
    out.text(key);
    out.text(value);
  }
  return bytes;
}

Result<TemplateFields> decode_fields(ByteView bytes) {
  ByteReader in(bytes);
  TemplateFields fields(in.count(kMaxFields, 2 * sizeof(std::uint32_t)));
  for (auto& [key, value] : fields) {
    key = in.text(kMaxFieldBytes);
    value = in.text(kMaxFieldBytes);
  }
  if (!in.complete()) {
    return fail(StatusCode::kBadData, "saved machine: malformed list of what it depends on");
  }
  return fields;
}

Bytes encode_pages(const std::vector<PageRun>& pages) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.put(static_cast<std::uint32_t>(pages.size()));
  for (const PageRun& run : pages) {
    out.put(run.offset);
    out.put(run.bytes);
  }
  return bytes;
}

Result<std::vector<PageRun>> decode_pages(ByteView bytes) {
  ByteReader in(bytes);
  std::vector<PageRun> pages(in.count(kMaxPageRuns, 2 * sizeof(std::uint64_t)));
  for (PageRun& run : pages) {
    run.offset = in.get<std::uint64_t>();
    run.bytes = in.get<std::uint64_t>();
  }
  if (!in.complete()) {
    return fail(StatusCode::kBadData, "saved machine: malformed list of pages");
  }
  return pages;
}

Result<> write_file(const std::string& path, ByteView bytes) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) {
    return fail_errno(errno, "create " + path);
  }
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd.get(), bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) {
      continue;
    }
    if (wrote <= 0) {
      return fail_errno(wrote < 0 ? errno : EIO, "write " + path);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
  return {};
}

} // namespace

Bytes build_state_file(const StateFile& file) {
  return write_sections({{kFields, encode_fields(file.fields)},
                         {kSession, file.session},
                         {kBoot, encode_boot_facts(file.state.boot)},
                         {kVm, encode_vm_state(file.state.vm)},
                         {kBoard, encode_board_state(file.state.board)},
                         {kMemory, file.ram_sums},
                         {kFirstWrites, encode_pages(file.first_writes)}});
}

Result<StateFile> parse_state_file(ByteView bytes) {
  const SectionViews sections = TRY(read_sections(bytes));
  if (sections.size() != kFirstWrites || sections.begin()->first != kFields ||
      sections.rbegin()->first != kFirstWrites) {
    return fail(StatusCode::kBadData, "saved machine: a section is missing");
  }
  StateFile file;
  file.fields = TRY(decode_fields(sections.at(kFields)));
  file.session.assign(sections.at(kSession).begin(), sections.at(kSession).end());
  file.state.boot = TRY(decode_boot_facts(sections.at(kBoot)));
  file.state.vm = TRY(decode_vm_state(sections.at(kVm)));
  file.state.board = TRY(decode_board_state(sections.at(kBoard)));
  file.ram_sums.assign(sections.at(kMemory).begin(), sections.at(kMemory).end());
  file.first_writes = TRY(decode_pages(sections.at(kFirstWrites)));
  return file;
}

Result<> check_fields(const TemplateFields& fields, const TemplateFields& wanted) {
  std::map<std::string, std::pair<std::string, std::string>> both;
  for (const auto& [key, value] : fields) {
    both[key].first = value;
  }
  for (const auto& [key, value] : wanted) {
    both[key].second = value;
  }
  std::string differ;
  for (const auto& [key, values] : both) {
    if (values.first != values.second) {
      differ += (differ.empty() ? "" : ", ") + key + " (" + values.first + ", wanted " +
                values.second + ")";
    }
  }
  if (!differ.empty()) {
    return fail(StatusCode::kInvalidArgument,
                "the template was taken of another machine: " + differ,
                "nothing need be done: the machine boots, and has a template of its own");
  }
  return {};
}

Result<> store_template(const TemplateContent& content, const std::string& directory) {
  const SavedMachine& machine = *content.machine;
  const RamSums sums = TRY(write_ram(machine.memory, memory_path(directory)));
  StateFile file{.fields = content.fields,
                 .session = content.session,
                 .state = machine.state,
                 .ram_sums = encode_ram_sums(sums),
                 .first_writes = content.first_writes};
  const std::string path = state_path(directory);
  TRY(write_file(path + ".new", build_state_file(file)));
  if (std::rename((path + ".new").c_str(), path.c_str()) != 0) {
    return fail_errno(errno, "rename " + path + ".new");
  }
  return {};
}

Result<TemplateContent> load_template(const std::string& directory, const TemplateFields& wanted) {
  const MappedFile bytes = TRY(MappedFile::open(state_path(directory), kMaxSectionsBytes));
  StateFile file = TRY(parse_state_file(bytes.bytes()));
  TRY(check_fields(file.fields, wanted));
  const RamSums sums = TRY(decode_ram_sums(file.ram_sums));
  auto machine = std::make_shared<SavedMachine>();
  machine->state = std::move(file.state);
  machine->memory = TRY(read_ram(memory_path(directory), sums));
  return TemplateContent{.fields = std::move(file.fields),
                         .session = std::move(file.session),
                         .machine = std::move(machine),
                         .first_writes = std::move(file.first_writes)};
}

} // namespace schedrig::kvm
