// SPDX-License-Identifier: MIT
// /etc/ld.so.cache: where the libraries of payloads lie.
#include "backend/linker_cache.hpp"

#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace schedrig;
  const auto cache = kvm::LinkerCache::parse(std::as_bytes(std::span(data, size)));
  if (!cache) {
    fuzz::require(cache.error().code == StatusCode::kBadData, "a damaged cache is said so");
    return 0;
  }
  fuzz::require(cache->size() <= size / 24, "each library has an entry");
  const auto path = cache->find("libc.so.6");
  fuzz::require(!path || (path->starts_with('/') && path->size() < size), "a path is absolute");
  return 0;
}
