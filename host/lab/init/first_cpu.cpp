// SPDX-License-Identifier: MIT
// Implementation: the affinity mask without CPU 0.
#include "host/lab/init/first_cpu.hpp"

#include <cerrno>

#include <sched.h>

namespace schedrig::lab {

int leave_first_cpu() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (::sched_getaffinity(0, sizeof cpus, &cpus) != 0) {
    return errno;
  }
  CPU_CLR(0, &cpus);
  return ::sched_setaffinity(0, sizeof cpus, &cpus) == 0 ? 0 : errno;
}

} // namespace schedrig::lab
