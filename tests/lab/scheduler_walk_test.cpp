// SPDX-License-Identifier: MIT
// Dispatch queues and callbacks of sched_ext schedulers on a real kernel: what walks find in them,
// against what the kernel keeps of each task, what it says in /sys, what the scheduler itself has
// counted, and its source.
#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <span>
#include <string>
#include <thread>

#include <schedrig/sched_ext_program.hpp>
#include <schedrig/schedulers.hpp>

#include "host/kernel_view/bpf_walk.hpp"
#include "host/kernel_view/dsq_walk.hpp"
#include "tests/lab/kernel_walk.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::uint32_t kSpinners = 12;
constexpr std::int64_t kAttachNs = 120'000'000'000; // verification under emulation
constexpr std::int64_t kDetachNs = 60'000'000'000;

class ShippedScheduler final : public Plugin, public SchedExtProgram {
 public:
  explicit ShippedScheduler(const std::string& name, std::uint64_t timeout_ms = 0)
      : object_(schedulers_path + "/" + name + ".bpf.o"), timeout_ms_(timeout_ms) {}

  void* query(std::string_view interface_id) noexcept override {
    return interface_id == SchedExtProgram::kInterfaceId ? static_cast<SchedExtProgram*>(this)
                                                         : nullptr;
  }
  Status describe(ParamsView /*params*/, SchedExtProgramSink& out) noexcept override {
    out.on_object(object_);
    if (timeout_ms_ != 0) {
      out.on_ops_field("timeout_ms", timeout_ms_);
    }
    return {};
  }

 private:
  std::string object_;
  std::uint64_t timeout_ms_; // of its watchdog; 0: its own
};

// What is read of one moment.
struct Moment {
  std::vector<kv::DsqFacts> dsqs;
  std::map<std::int32_t, kv::TaskFacts> tasks;
  std::uint64_t enqueued = 0;
  std::uint64_t dispatched = 0;
};

class SchedulerWalk : public KernelWalk {
 protected:
  void attach(const std::string& name, std::uint64_t timeout_ms = 0) {
    ShippedScheduler scheduler(name, timeout_ms);
    const Status attached =
        query<SchedulersFacet>(*machine_)->attach(name, scheduler, {}, kAttachNs);
    ASSERT_TRUE(attached.ok()) << attached.message << events_.text;
  }
  void detach() {
    const Status gone = query<SchedulersFacet>(*machine_)->detach(kDetachNs);
    ASSERT_TRUE(gone.ok()) << gone.message;
  }

  static Result<std::uint64_t> variable(const std::string& map, const std::string& name) {
    auto place = kv::map_variable(*view_, {.name = map, .field = name}, 8);
    return place ? kv::GuestRam(*query<MemoryFacet>(*machine_))
                       .read_object<std::uint64_t>(place->front().start)
                 : std::unexpected(std::move(place).error());
  }
  static Result<Moment> look(const std::string& scheduler) {
    Moment moment;
    moment.dsqs = TRY(kv::walk_dsqs(*view_));
    const auto tasks = TRY(walk_tasks());
    for (const kv::TaskFacts& task : tasks) {
      moment.tasks[task.pid] = task;
    }
    moment.enqueued = TRY(variable(scheduler + ".bss", "nr_enqueued"));
    moment.dispatched = TRY(variable(scheduler + ".bss", "nr_dispatched"));
    return moment;
  }

  void spawn_spinners() {
    auto& tasks = *query<TasksFacet>(*machine_);
    std::uint32_t group = 0;
    WorkSpec work;
    work.type = WorkType::kSpin;
    work.workers = kSpinners;
    ASSERT_TRUE(tasks.spawn(work, &group, spinners_).ok());
    ASSERT_TRUE(tasks.start(group).ok());
  }

  // The scheduler's own queue, when everything has been compared.
  kv::DsqFacts expect_queues(const Moment& moment, const std::string& scheduler) {
    std::map<kv::DsqKind, std::uint32_t> kinds;
    std::set<std::int32_t> queued;
    kv::DsqFacts user;
    for (const kv::DsqFacts& dsq : moment.dsqs) {
      ++kinds[dsq.kind];
      const std::string what = std::string(to_string(dsq.kind)) + " " + std::to_string(dsq.id);
      // A CPU that stands still amid a change has done half of it.
      EXPECT_LE(dsq.nr, dsq.tasks.size() + 1) << what;
      EXPECT_GE(dsq.nr + 1, dsq.tasks.size()) << what;
      for (const kv::QueuedTask& task : dsq.tasks) {
        EXPECT_TRUE(queued.insert(task.pid).second) << task.pid << " is on two queues";
        if (!moment.tasks.contains(task.pid)) {
          ADD_FAILURE() << task.pid << " in " << what << " is no task";
          continue;
        }
        const kv::TaskFacts& is = moment.tasks.at(task.pid);
        EXPECT_EQ(is.scx->dsq, dsq.address) << task.pid << " in " << what;
        EXPECT_EQ(is.address, task.address) << task.pid;
        EXPECT_TRUE(is.on_rq) << task.pid;
        EXPECT_EQ(is.sched_class, "ext_sched_class") << task.pid;
      }
      if (dsq.kind == kv::DsqKind::kUser) {
        EXPECT_EQ(dsq.scheduler, scheduler);
        user = dsq;
      }
    }
    EXPECT_EQ(kinds[kv::DsqKind::kLocal], kCpus);
    EXPECT_EQ(kinds[kv::DsqKind::kGlobal], 1U);
    EXPECT_EQ(kinds[kv::DsqKind::kUser], 1U);
    std::uint32_t lost = 0; // that wait and are on no queue: each CPU may have one in its hands
    for (const std::int32_t pid : spinners_.all) {
      const kv::TaskFacts& task = moment.tasks.at(pid);
      lost += task.on_rq && !task.on_cpu && !queued.contains(pid) ? 1 : 0;
    }
    EXPECT_LE(lost, kCpus);
    // Each CPU runs one and may have one that is next.
    EXPECT_GE(user.tasks.size(), kSpinners - 2 * kCpus - 1);
    EXPECT_GT(moment.dispatched, 0U);
    // Some leave the queue in another way, as when they are moved.
    EXPECT_GE(moment.enqueued + kCpus, moment.dispatched + user.tasks.size());
    return user;
  }

  static inline Pids spinners_;
};

// Of plugins/schedulers/NAME/NAME.bpf.c; the kernel keeps 15 characters of a program's name.
std::set<std::string> callbacks_in_source(const std::string& name) {
  std::set<std::string> all = {name};
  for (const char* callback : {"enqueue", "dispatch", "init", "exit"}) {
    all.insert(name + "_" + callback);
  }
  if (name == "vtime") {
    all.insert({"vtime_running", "vtime_stopping", "vtime_enable"});
  }
  return all;
}

// The names of the programs behind the pointers of the map that the loader makes of the callbacks,
// and the name that the kernel has of the scheduler there.
Result<std::set<std::string>> callbacks_of(const kv::KernelView& view, const std::string& name) {
  auto bpf = TRY(kv::BpfWalk::of(view));
  const auto maps = TRY(bpf.maps());
  const auto programs = TRY(bpf.programs());
  const auto ops = std::ranges::find(maps, name, &kv::MapFacts::name);
  if (ops == maps.end()) {
    return fail(StatusCode::kNotFound, "there is no map " + name);
  }
  const auto entries = TRY(bpf.entries(*ops, 1, 1U << 16U));
  std::set<std::string> names;
  for (const auto& [pointer, id] : entries.programs) {
    const auto program = std::ranges::find(programs, id, &kv::ProgramFacts::id);
    names.insert(program == programs.end() ? "?" : program->name);
  }
  const auto place = TRY(view.facts().types.field("bpf_struct_ops_sched_ext_ops", "data.name"));
  const auto& value = entries.all.at(0).values.at(0);
  const auto text = std::span(value).subspan(place.offset, place.bytes);
  names.emplace(text.begin(), std::ranges::find(text, std::uint8_t{0}));
  return names;
}

TEST_F(SchedulerWalk, a_window_longer_than_the_watchdog_is_no_stall) {
  constexpr std::uint64_t kTimeoutMs = 8'000;
  if (spinners_.all.empty()) {
    spawn_spinners();
  }
  ASSERT_NO_FATAL_FAILURE(attach("vtime", kTimeoutMs));
  let_run(1'000'000'000);
  auto& freezer = *query<FreezeFacet>(*machine_);
  ASSERT_TRUE(freezer.freeze(kMapsNs).ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(kTimeoutMs * 2)); // the window itself
  std::int64_t frozen_ns = 0;
  ASSERT_TRUE(freezer.thaw(&frozen_ns).ok());
  EXPECT_GT(frozen_ns, static_cast<std::int64_t>(kTimeoutMs) * 1'000'000);
  let_run(6'000'000'000); // the watchdog looks each half of its timeout
  EXPECT_EQ(run(FileOpKind::kRead, "/sys/kernel/sched_ext/root/ops"), "vtime\n") << events_.text;
  ASSERT_NO_FATAL_FAILURE(detach());
}

TEST_F(SchedulerWalk, queues_have_the_tasks_that_wait_in_the_schedulers_order) {
  if (spinners_.all.empty()) {
    spawn_spinners();
  }
  const auto before = walk([] { return kv::walk_dsqs(*view_); });
  ASSERT_TRUE(before);
  EXPECT_TRUE(std::ranges::all_of(
      *before, [](const kv::DsqFacts& dsq) { return dsq.scheduler.empty() && dsq.tasks.empty(); }));
  for (const std::string name : {"fifo", "vtime"}) {
    ASSERT_NO_FATAL_FAILURE(attach(name));
    EXPECT_EQ(run(FileOpKind::kRead, "/sys/kernel/sched_ext/root/ops"), name + "\n");
    let_run(1'000'000'000);
    const auto moment = walk([&] { return look(name); });
    ASSERT_TRUE(moment) << moment.error().message;
    const kv::DsqFacts shared = expect_queues(*moment, name);
    EXPECT_EQ(shared.id, 0U) << "SHARED_DSQ";
    EXPECT_EQ(shared.by_vtime, name == "vtime");
    if (shared.by_vtime) {
      const auto wrapping = [](std::uint64_t a, std::uint64_t b) {
        return static_cast<std::int64_t>(a - b) < 0;
      };
      EXPECT_TRUE(std::ranges::is_sorted(shared.tasks, wrapping, &kv::QueuedTask::vtime));
    }
    const auto callbacks = walk([&] { return callbacks_of(*view_, name); });
    ASSERT_TRUE(callbacks) << callbacks.error().message;
    EXPECT_EQ(*callbacks, callbacks_in_source(name));
    ASSERT_NO_FATAL_FAILURE(detach());
  }
}

} // namespace
} // namespace schedrig::kvm
