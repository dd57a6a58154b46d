// SPDX-License-Identifier: MIT
// Writes the seeds of a corpus as plain bytes, which is what libFuzzer reads: CORPUS FOLDER.
#include <cstdio>
#include <fstream>
#include <system_error>

#include "tests/fuzz/seeds.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s CORPUS FOLDER\n", argv[0]);
    return 2;
  }
  const auto seeds = schedrig::fuzz::load_seeds(argv[1]);
  if (!seeds) {
    std::fprintf(stderr, "%s\n", seeds.error().message.c_str());
    return 1;
  }
  const std::filesystem::path folder = argv[2];
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  for (const schedrig::fuzz::Seed& seed : *seeds) {
    std::ofstream file(folder / seed.name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(seed.bytes.data()),
               static_cast<std::streamsize>(seed.bytes.size()));
    if (!file) {
      std::fprintf(stderr, "%s cannot be written\n", (folder / seed.name).c_str());
      return 1;
    }
  }
  return 0;
}
