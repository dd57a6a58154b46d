// SPDX-License-Identifier: MIT
#include "host/kernel_view/task_field.hpp"

#include <string>
#include <utility>

#include "host/kernel_view/task_walk.hpp"
#include "host/text/hex.hpp"

namespace schedrig::kernel_view {
namespace {

// include/linux/sched.h of Linux 6.18.
constexpr std::uint32_t kTaskDead = 0x80;  // TASK_DEAD
constexpr std::uint32_t kPfExiting = 0x04; // PF_EXITING
constexpr char kExtClass[] = "ext_sched_class";

class TaskCheck {
 public:
  TaskCheck(const KernelView& view, TaskWalk walk, const TaskTarget& target)
      : view_(view), walk_(std::move(walk)), target_(target) {}

  Result<std::uint64_t> find() {
    task_ = TRY(walk_.find(target_.pid));
    TRY(started_when_expected());
    TRY(alive());
    TRY(off_the_run_queue());
    TRY(on_no_dispatch_queue());
    TRY(of_sched_ext());
    TRY(start_is_set());
    return task_;
  }

 private:
  [[nodiscard]] std::unexpected<Error> refuse(const std::string& why, std::string help) const {
    return fail(StatusCode::kInvalidArgument,
                "the task with pid " + std::to_string(target_.pid) + " " + why, std::move(help));
  }

  Result<> started_when_expected() {
    const std::uint64_t started = TRY(walk_.tasks().number(task_, "start_boottime"));
    if (started < target_.start_time_ns || started - target_.start_time_ns >= kProcTickNs) {
      return refuse("started " + std::to_string(started) + " ns after the boot, not within " +
                        std::to_string(kProcTickNs) + " ns from " +
                        std::to_string(target_.start_time_ns) + " on",
                    "the pid is another task's now; start_time_ns is field 22 of /proc/PID/stat "
                    "times 10,000,000");
    }
    return {};
  }

  Result<> alive() {
    StructReader& task = walk_.tasks();
    const std::uint64_t state = TRY(task.number(task_, "__state"));
    const std::uint64_t exit_state = TRY(task.number(task_, "exit_state"));
    const std::uint64_t flags = TRY(task.number(task_, "flags"));
    const std::uint64_t usage = TRY(task.number(task_, "usage.refs.counter"));
    if ((state & kTaskDead) != 0 || exit_state != 0 || (flags & kPfExiting) != 0 || usage == 0) {
      return refuse("is not alive: __state " + text::hex_number(state) + ", exit_state " +
                        text::hex_number(exit_state) + ", flags " + text::hex_number(flags) +
                        ", usage " + std::to_string(usage),
                    "");
    }
    return {};
  }

  Result<> off_the_run_queue() {
    const std::uint64_t on_rq = TRY(walk_.tasks().number(task_, "on_rq"));
    if (on_rq != 0) {
      return refuse("is on a run queue: on_rq is " + std::to_string(on_rq),
                    "its place there depends on its fields; choose a moment in which it sleeps");
    }
    return {};
  }

  [[nodiscard]] static std::unexpected<Error> no_sched_ext() {
    return fail(StatusCode::kUnsupported, "the kernel is built without sched_ext",
                "fields of a task are for tasks of sched_ext's class");
  }

  Result<> on_no_dispatch_queue() {
    StructReader& task = walk_.tasks();
    if (!task.has("scx.dsq")) {
      return no_sched_ext();
    }
    const std::uint64_t queue = TRY(task.number(task_, "scx.dsq"));
    const std::uint64_t node = TRY(task.address(task_, "scx.runnable_node"));
    const std::uint64_t next = TRY(task.number(task_, "scx.runnable_node.next"));
    if (queue != 0) {
      return refuse("is on a dispatch queue: scx.dsq is " + text::hex_number(queue),
                    "its place there depends on its fields; choose a moment in which it sleeps");
    }
    if (next != node) {
      return refuse("is in sched_ext's list of runnable tasks: scx.runnable_node leads to " +
                        text::hex_number(next),
                    "choose a moment in which it sleeps");
    }
    return {};
  }

  Result<> of_sched_ext() {
    const auto wanted = view_.address_of(kExtClass);
    if (!wanted) {
      return no_sched_ext();
    }
    const std::uint64_t has = TRY(walk_.tasks().number(task_, "sched_class"));
    if (has != *wanted) {
      const auto name = view_.facts().symbols.place_of(has - view_.place().slide);
      return refuse("is not of sched_ext's class but of " +
                        (name ? std::string(name->name) : text::hex_number(has)),
                    "attach a scheduler; one that switches partially takes policy = \"ext\" only");
    }
    return {};
  }

  Result<> start_is_set() {
    if (TRY(walk_.tasks().number(task_, "start_boottime")) == 0) {
      return refuse("has a start_boottime of 0: the kernel is still making it", "");
    }
    return {};
  }

  const KernelView& view_;
  TaskWalk walk_;
  const TaskTarget& target_;
  std::uint64_t task_ = 0;
};

} // namespace

Result<Places> task_field(const KernelView& view, const TaskTarget& target, std::uint64_t bytes) {
  auto walk = TRY(TaskWalk::of(view));
  if (target.field == "se.vruntime") {
    return fail(StatusCode::kInvalidArgument,
                "se.vruntime of a task that is off the run queue means nothing: the kernel places "
                "it anew when the task is enqueued",
                "scx.dsq_vtime is what a scheduler of sched_ext's orders by");
  }
  const kernel::FieldPlace field = TRY(walk.tasks().place(target.field));
  TRY(check_width(field, target.field, bytes));
  const std::uint64_t task = TRY(TaskCheck(view, std::move(walk), target).find());
  return view.kva({task + field.offset}, bytes);
}

} // namespace schedrig::kernel_view
