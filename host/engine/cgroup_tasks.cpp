// SPDX-License-Identifier: MIT
// CgroupTree's part that moves tasks between cgroups.
#include <cerrno>

#include "host/engine/cgroup_tree.hpp"

namespace schedrig::engine {
namespace {

constexpr std::string_view kRootProcs = "/sys/fs/cgroup/cgroup.procs";
// As often as a freeze is looked at.
constexpr std::int64_t kPollNs = 1'000'000;

// Moves tasks by one cgroup.procs file and remembers them, to undo what was done in part.
class Mover {
 public:
  Mover(GuestFiles& files, std::string from, std::string to)
      : files_(files), from_(std::move(from)), to_(std::move(to)) {}

  Result<> move(std::span<const std::int32_t> pids) {
    for (const std::int32_t pid : pids) {
      auto written = files_.write(to_, std::to_string(pid));
      if (!written && written.error().os_errno != ESRCH) {
        return written;
      }
      moved_.push_back(pid);
    }
    return {};
  }

  // An error of it would hide the one that made it necessary; who has exited needs no way back.
  void put_back() {
    for (const std::int32_t pid : moved_) {
      [[maybe_unused]] const auto written = files_.write(from_, std::to_string(pid));
    }
  }

 private:
  GuestFiles& files_;
  std::string from_;
  std::string to_;
  std::vector<std::int32_t> moved_;
};

} // namespace

Result<> CgroupTree::move_tasks(std::string_view cgroup, std::span<const std::int32_t> pids) {
  const std::string procs = path(cgroup, "cgroup.procs");
  for (const std::int32_t pid : pids) {
    TRY(session_.files().write(procs, std::to_string(pid)));
  }
  return {};
}

Result<> CgroupTree::move_from_root(std::span<const std::int32_t> pids, std::string_view to) {
  Mover mover(session_.files(), std::string(kRootProcs), path(to, "cgroup.procs"));
  auto moved = mover.move(pids);
  if (!moved) {
    mover.put_back();
  }
  return moved;
}

Result<> CgroupTree::move_all(std::string_view from, std::string_view to, std::int64_t limit_ns) {
  const std::int64_t give_up = session_.now_ns() + limit_ns;
  Mover mover(session_.files(), path(from, "cgroup.procs"), path(to, "cgroup.procs"));
  while (true) {
    auto pids = read_procs(from, false);
    if (pids && pids->empty()) {
      return {};
    }
    Result<> moved;
    if (!pids) {
      moved = std::unexpected(std::move(pids).error());
    } else if (session_.now_ns() >= give_up) {
      moved =
          fail(StatusCode::kTimeout,
               "cgroup \"" + std::string(from) + "\" still has " + std::to_string(pids->size()) +
                   " tasks after moving for " + std::to_string(limit_ns / 1'000'000) + " ms",
               "its tasks fork faster than they are moved: freeze it before");
    } else {
      moved = mover.move(*pids);
    }
    if (!moved) {
      mover.put_back();
      return moved;
    }
  }
}

Result<> CgroupTree::drain_and_remove(std::string_view cgroup, std::int64_t limit_ns) {
  const std::int64_t give_up = session_.now_ns() + limit_ns;
  while (true) {
    // A task may exit between the read and the write: ESRCH is what was wanted.
    for (const std::int32_t pid : TRY(read_procs(cgroup, false))) {
      auto moved = session_.files().write(kRootProcs, std::to_string(pid));
      if (!moved && moved.error().os_errno != ESRCH) {
        return moved;
      }
    }
    auto removed = session_.files().rmdir(path(cgroup));
    if (removed || removed.error().os_errno != EBUSY) {
      return removed;
    }
    if (session_.now_ns() >= give_up) {
      return fail(StatusCode::kTimeout,
                  "cgroup \"" + std::string(cgroup) + "\" is still busy after " +
                      std::to_string(limit_ns / 1'000'000) + " ms: " + removed.error().message,
                  "a task in it cannot exit or be moved");
    }
    TRY(session_.wait_for(kPollNs));
  }
}

} // namespace schedrig::engine
