// SPDX-License-Identifier: MIT
// Pairs that wake each other in turn, through a pipe or a futex.
#include "plugins/mock/work/workers.hpp"

namespace schedrig::mock {

// Both work at first; from then on each waits for the other's byte before it works again.
Action Workers::next_exchange(Worker& worker, const Team& team, Nanos work_ns, bool sync) {
  switch (worker.phase++) {
  case 0:
    return compute(work_ns);
  case 1:
    return {.kind = ActionKind::kWake, .sync = sync, .target = team.members[1 - worker.member]};
  case 2:
    return {.kind = ActionKind::kWait};
  default: // the partner's byte has been read
    ++worker.iterations;
    worker.phase = 1;
    return compute(work_ns);
  }
}

} // namespace schedrig::mock
