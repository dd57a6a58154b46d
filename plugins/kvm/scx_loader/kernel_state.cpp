// SPDX-License-Identifier: MIT
#include "scx_loader/kernel_state.hpp"

#include <cstdlib>
#include <fstream>

namespace schedrig::scx {
namespace {

std::string first_word(const char* path) {
  std::string word;
  std::ifstream(path) >> word;
  return word;
}

} // namespace

std::string sched_ext_state() {
  return first_word("/sys/kernel/sched_ext/state");
}

std::uint64_t hotplug_seq() {
  return std::strtoull(first_word("/sys/kernel/sched_ext/hotplug_seq").c_str(), nullptr, 10);
}

std::string attached_scheduler() {
  return first_word("/sys/kernel/sched_ext/root/ops");
}

std::uint64_t enable_seq() {
  return std::strtoull(first_word("/sys/kernel/sched_ext/enable_seq").c_str(), nullptr, 10);
}

} // namespace schedrig::scx
