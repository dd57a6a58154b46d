// SPDX-License-Identifier: MIT
// A payload's program and libraries: what an ELF file says that it needs.
#include "backend/program_elf.hpp"

#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace schedrig;
  constexpr std::size_t kMostNames = 512;
  const auto needs = kvm::read_elf_needs(std::as_bytes(std::span(data, size)));
  if (!needs) {
    fuzz::require(needs.error().code == StatusCode::kBadData ||
                      needs.error().code == StatusCode::kInvalidArgument,
                  "what is no program is said so");
    fuzz::require(!needs.error().message.empty(), "an error has a message");
    return 0;
  }
  fuzz::require(needs->needed.size() <= kMostNames, "libraries are bounded");
  for (const std::string& name : needs->needed) {
    fuzz::require(name.size() < size, "a name is in the file");
  }
  fuzz::require(needs->interpreter.size() < size && needs->run_path.size() < size,
                "and so are the interpreter and the run path");
  return 0;
}
