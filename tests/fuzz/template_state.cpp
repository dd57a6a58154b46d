// SPDX-License-Identifier: MIT
// The state of a saved machine: the whole file, which its CRCs guard, and each section's content,
// as if its CRC had been made to fit. What is read is what was written: written again, it is the
// same bytes.
#include <algorithm>

#include "template/ram_file.hpp"
#include "template/sections.hpp"
#include "template/state_codec.hpp"
#include "template/template_files.hpp"
#include "tests/fuzz/target.hpp"

namespace schedrig::kvm {
namespace {

template <class Decoded, class Encode>
void look_at(ByteView input, const Result<Decoded>& decoded, Encode encode) {
  if (!decoded) {
    fuzz::require(decoded.error().code == StatusCode::kBadData, "bad data is said so");
    return;
  }
  const Bytes again = encode(*decoded);
  fuzz::require(again.size() == input.size(), "nothing is invented or left over");
}

void look_at_file(ByteView input) {
  const auto file = parse_state_file(input);
  look_at(input, file, build_state_file);
  if (file) {
    fuzz::require(std::ranges::equal(build_state_file(*file), input), "read as it was written");
  }
}

void look_at_sections(ByteView input) {
  look_at(input, decode_vm_state(input), encode_vm_state);
  look_at(input, decode_board_state(input), encode_board_state);
  look_at(input, decode_boot_facts(input), encode_boot_facts);
  look_at(input, decode_ram_sums(input), encode_ram_sums);
}

} // namespace
} // namespace schedrig::kvm

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  schedrig::kvm::look_at_file(input);
  schedrig::kvm::look_at_sections(input);
  return 0;
}
