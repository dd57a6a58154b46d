// SPDX-License-Identifier: MIT
// Plugin files: the ABI note's reader, on a file in memory.
#include "host/loader/elf_note.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include "host/process/unique_fd.hpp"
#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace schedrig;
  const UniqueFd file(memfd_create("plugin", MFD_CLOEXEC));
  fuzz::require(file.get() >= 0, "there is a file in memory");
  for (std::size_t written = 0; written < size;) {
    const ssize_t n = write(file.get(), data + written, size - written);
    fuzz::require(n > 0, "it can be written");
    written += static_cast<std::size_t>(n);
  }
  const auto read = loader::read_plugin_file("/proc/self/fd/" + std::to_string(file.get()));
  fuzz::require(read || !read.error().message.empty(), "an error has a message");
  return 0;
}
