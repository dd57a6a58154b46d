// SPDX-License-Identifier: MIT
// Runs a fuzz target without libFuzzer: TARGET CORPUS [INPUTS [SEED]]. First the seeds as they are,
// then that many mutations of them, the same for the same seed. TARGET --input FILE runs one file.
// A crash says which input it was and leaves it in fuzz-crash-TARGET.
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "tests/fuzz/mutate.hpp"
#include "tests/fuzz/seeds.hpp"
#include "tests/fuzz/target.hpp"

namespace {

using schedrig::fuzz::Input;

// For the signal handler: what was being run.
const Input* current = nullptr;
std::array<char, 128> description{};
std::array<char, 128> crash_file{};

void on_crash(int signal) {
  const int file = open(crash_file.data(), O_CREAT | O_WRONLY | O_TRUNC, 0644);
  if (file >= 0 && current != nullptr) {
    [[maybe_unused]] const ssize_t kept = write(file, current->data(), current->size());
  }
  const std::array<const char*, 5> told_texts = {"crashed on ", description.data(), ", kept in ",
                                                 crash_file.data(), "\n"};
  for (const char* text : told_texts) {
    [[maybe_unused]] const ssize_t told = write(STDERR_FILENO, text, std::strlen(text));
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run(const Input& input, const std::string& what) {
  std::snprintf(description.data(), description.size(), "%s", what.c_str());
  current = &input;
  LLVMFuzzerTestOneInput(input.data(), input.size());
  current = nullptr;
}

std::uint64_t number(const char* text) {
  std::uint64_t value = 0;
  std::from_chars(text, text + std::strlen(text), value);
  return value;
}

int run_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s cannot be read\n", path);
    return 2;
  }
  const Input input{std::istreambuf_iterator<char>(file), {}};
  run(input, path);
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS [INPUTS [SEED]] | --input FILE\n", argv[0]);
    return 2;
  }
  const std::string program = argv[0];
  std::snprintf(crash_file.data(), crash_file.size(), "fuzz-crash-%s",
                program.substr(program.rfind('/') + 1).c_str());
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM}) {
    std::signal(signal, on_crash);
  }
  constexpr unsigned kLongestInputSeconds = 10; // a hang is a finding, too
  if (argc == 3 && std::string_view(argv[1]) == "--input") {
    alarm(kLongestInputSeconds);
    return run_file(argv[2]);
  }
  const auto seeds = schedrig::fuzz::load_seeds(argv[1]);
  if (!seeds) {
    std::fprintf(stderr, "%s\n", seeds.error().message.c_str());
    return 2;
  }
  const std::uint64_t inputs = argc > 2 ? number(argv[2]) : 0;
  const std::uint64_t seed = argc > 3 ? number(argv[3]) : 1;
  const auto begin = std::chrono::steady_clock::now();
  for (const schedrig::fuzz::Seed& each : *seeds) {
    alarm(kLongestInputSeconds);
    run(each.bytes, "the seed " + each.name);
  }
  schedrig::Prng random(seed, 0);
  for (std::uint64_t i = 0; i < inputs; ++i) {
    alarm(kLongestInputSeconds);
    run(mutated(*seeds, random), "input " + std::to_string(i) + " of seed " + std::to_string(seed));
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%zu seeds and %llu mutations in %.1f s\n", seeds->size(),
              static_cast<unsigned long long>(inputs), took.count());
  return 0;
}
