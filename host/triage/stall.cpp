// SPDX-License-Identifier: MIT
// A task that waits for a CPU: where it is queued, what its CPUs do meanwhile, and whose doing that
// is.
#include <algorithm>
#include <utility>

#include "host/text/cpulist.hpp"
#include "host/text/human_duration.hpp"
#include "host/triage/triage.hpp"

namespace schedrig::triage {
namespace {

// With less than half of its time a machine runs, slowly; a task still gets its turn.
constexpr double kMuchStolen = 0.5;
// Virtual time runs as CPU time does for an ordinary task: one that is ahead by this much, and by
// more than it has waited for, has not got there by running.
constexpr std::int64_t kSkewNs = 1'000'000'000;
constexpr std::size_t kShownCpus = 8; // one screen

std::string task_name(const TaskScene& task) {
  return task.comm + "[" + std::to_string(task.pid) + "]";
}

std::string queue_name(const Queue& queue) {
  if (queue.local_cpu) {
    return "the local DSQ of CPU " + std::to_string(*queue.local_cpu);
  }
  return queue.global ? "a global DSQ" : "DSQ " + std::to_string(queue.id);
}

// Of one whose mask is unknown: any.
bool may_use(const TaskScene& task, std::uint32_t cpu) {
  return task.allowed.empty() || std::ranges::find(task.allowed, cpu) != task.allowed.end();
}

bool is_higher(const CpuScene& cpu) {
  return cpu.pid != 0 && (cpu.sched_class == "rt" || cpu.sched_class == "dl" ||
                          cpu.sched_class == "stop" || cpu.sched_class == "fair");
}

class Stall {
 public:
  Stall(const Evidence& evidence, std::int32_t pid, std::string name, std::int64_t waited)
      : evidence_(evidence), name_(std::move(name)), waited_(waited) {
    found_.culprit = name_;
    if (!evidence.scene) {
      return;
    }
    const auto& tasks = evidence.scene->tasks;
    const auto at = std::ranges::find(tasks, pid, &TaskScene::pid);
    task_ = at == tasks.end() ? nullptr : &*at;
    if (task_ == nullptr) {
      return;
    }
    name_ = found_.culprit = task_name(*task_);
    waited_ = std::max(waited_, task_->waiting_ns);
    for (const CpuScene& cpu : evidence.scene->cpus) {
      if (may_use(*task_, cpu.cpu)) {
        cpus_.push_back(&cpu);
      }
    }
  }

  Diagnosis diagnose() {
    if (host_is_to_blame()) {
      return std::move(found_);
    }
    if (task_ == nullptr || task_->running || cpus_.empty()) {
      conclude(evidence_.exit ? Kind::kStall : Kind::kStuckWorker, Blame::kInconclusive,
               name_ + " did not run" + for_how_long());
      add(evidence_.scene && task_ == nullptr
              ? evidence_.scene->source + " does not have it waiting"
              : "nothing is known of the CPUs and queues of that moment");
      return std::move(found_);
    }
    if (!higher_class_is_to_blame()) {
      by_queue();
    }
    add_scene();
    return std::move(found_);
  }

 private:
  void add(std::string line) { found_.evidence.push_back(std::move(line)); }
  void conclude(Kind kind, Blame blame, std::string summary) {
    found_.kind = kind;
    found_.blame = blame;
    found_.summary = std::move(summary);
  }
  [[nodiscard]] std::string for_how_long() const {
    return waited_ > 0 ? " for " + text::human_duration(waited_) : "";
  }

  // Time that the host gave to others, and CPUs that did not stand still when they were told to.
  bool host_is_to_blame() {
    if (!evidence_.late_vcpu.empty()) {
      conclude(Kind::kLateVcpu, Blame::kHost,
               "a CPU of the machine did not run on the host: " + name_ + " waited" +
                   for_how_long());
      add(evidence_.late_vcpu);
      return true;
    }
    if (task_ != nullptr && (!task_->queue || first_idle() != nullptr)) {
      return false; // with all the time of the host it would wait, too
    }
    double most = 0;
    std::uint32_t where = 0;
    for (const CpuScene& cpu : evidence_.scene ? evidence_.scene->cpus : std::vector<CpuScene>{}) {
      const bool counts = task_ == nullptr || task_->allowed.empty() || may_use(*task_, cpu.cpu);
      if (counts && cpu.stolen_share > most) {
        most = cpu.stolen_share;
        where = cpu.cpu;
      }
    }
    if (most < kMuchStolen) {
      return false;
    }
    conclude(Kind::kOversubscribed, Blame::kHost,
             "the host gave the machine's CPUs to others: " + name_ + " waited" + for_how_long());
    add("CPU " + std::to_string(where) + " had " + std::to_string(static_cast<int>(most * 100)) +
        " % of its time stolen");
    if (evidence_.host_cpus != 0 && evidence_.host_cpus < evidence_.vcpus) {
      add(std::to_string(evidence_.vcpus) + " vCPUs share " + std::to_string(evidence_.host_cpus) +
          " host CPUs");
    }
    return true;
  }

  // Every CPU that it may use, or the one that it was sent to, runs what goes before sched_ext.
  bool higher_class_is_to_blame() {
    std::vector<const CpuScene*> at = cpus_;
    const bool sent = task_->queue && task_->queue->local_cpu;
    if (sent) {
      std::erase_if(at, [&](const CpuScene* cpu) { return cpu->cpu != *task_->queue->local_cpu; });
    }
    if (at.empty() ||
        !std::ranges::all_of(at, [](const CpuScene* cpu) { return is_higher(*cpu); }) ||
        task_->sched_class == at.front()->sched_class) {
      return false;
    }
    const CpuScene& hog = *at.front();
    const Kind kind = hog.sched_class == "rt"   ? Kind::kRtHog
                      : hog.sched_class == "dl" ? Kind::kDlHog
                                                : Kind::kHigherClass;
    const std::string who = hog.comm + "[" + std::to_string(hog.pid) + "]";
    const auto idle = first_idle();
    conclude(kind, idle == nullptr ? Blame::kWorkload : Blame::kScheduler,
             who + " of class " + hog.sched_class + " keeps CPU " + std::to_string(hog.cpu) + ", " +
                 name_ + " waits for it" + for_how_long());
    found_.culprit = who;
    if (idle != nullptr) {
      add("the scheduler left " + name_ + " there, though CPU " + std::to_string(idle->cpu) +
          " idles and it may use it");
    }
    return true;
  }

  [[nodiscard]] const CpuScene* first_idle() const {
    const auto at = std::ranges::find(cpus_, 0, &CpuScene::pid);
    return at == cpus_.end() ? nullptr : *at;
  }

  // Whether the scheduler's tasks run anywhere at all.
  [[nodiscard]] bool dispatches_somewhere() const {
    return std::ranges::any_of(evidence_.scene->cpus,
                               [](const CpuScene& cpu) { return cpu.pid != 0 && !is_higher(cpu); });
  }

  // Whether others wait, and all of them for about as long: nobody has had a turn since.
  [[nodiscard]] bool nobody_has_turns() const {
    std::size_t others = 0;
    for (const TaskScene& other : evidence_.scene->tasks) {
      if (other.running || other.pid == task_->pid) {
        continue;
      }
      ++others;
      if (other.waiting_ns < waited_ / 2) {
        return false;
      }
    }
    return others > 0;
  }

  void by_queue() {
    if (!task_->queue) {
      conclude(Kind::kLostTask, Blame::kScheduler,
               "the scheduler lost " + name_ + ": runnable" + for_how_long() + ", and on no queue");
      return;
    }
    const std::string queue = queue_name(*task_->queue);
    const CpuScene* const idle = first_idle();
    if (task_->queue->local_cpu) {
      by_local_queue(queue);
    } else if (is_skewed()) {
      conclude(Kind::kVtimeSkew, Blame::kScheduler,
               name_ + " waits" + for_how_long() + " in " + queue +
                   " behind all others, by a virtual time that it has not got by running");
    } else if (idle == nullptr && nobody_has_turns()) {
      conclude(Kind::kUndispatched, Blame::kScheduler,
               name_ + " waits" + for_how_long() + " in " + queue +
                   ", like everybody else: CPUs keep what they run");
    } else if (idle == nullptr) {
      conclude(Kind::kStarved, Blame::kScheduler,
               name_ + " waits" + for_how_long() + " in " + queue +
                   ", and every CPU that it may use runs others of the scheduler's");
    } else if (dispatches_somewhere()) {
      conclude(Kind::kMissedKick, Blame::kScheduler,
               name_ + " waits" + for_how_long() + " in " + queue + ", and CPU " +
                   std::to_string(idle->cpu) +
                   ", which it may use, idles: nobody woke it, or it does not take from there");
    } else {
      conclude(Kind::kUndispatched, Blame::kScheduler,
               name_ + " waits" + for_how_long() + " in " + queue + ", which no CPU takes from");
    }
  }

  void by_local_queue(const std::string& queue) {
    const auto at =
        std::ranges::find(evidence_.scene->cpus, *task_->queue->local_cpu, &CpuScene::cpu);
    if (at == evidence_.scene->cpus.end() || at->pid == 0) {
      conclude(Kind::kMissedKick, Blame::kScheduler,
               name_ + " waits" + for_how_long() + " in " + queue + ", which idles");
      return;
    }
    conclude(Kind::kStarved, Blame::kScheduler,
             name_ + " waits" + for_how_long() + " in " + queue + ", where the scheduler runs " +
                 at->comm + "[" + std::to_string(at->pid) + "]");
  }

  // Against who runs and who waits with it.
  [[nodiscard]] bool is_skewed() {
    if (!task_->vtime || !task_->queue->by_vtime) {
      return false;
    }
    constexpr std::uint64_t kWrapped = 1ULL << 63U;
    std::optional<std::int64_t> least;
    bool others_have_not = false;
    for (const TaskScene& other : evidence_.scene->tasks) {
      const bool comparable =
          other.pid != task_->pid && other.vtime &&
          (other.running || (other.queue && other.queue->id == task_->queue->id));
      if (comparable) {
        others_have_not = others_have_not || *other.vtime < kWrapped;
        const auto ahead = static_cast<std::int64_t>(*task_->vtime - *other.vtime);
        least = std::min(least.value_or(ahead), ahead);
      }
    }
    if (*task_->vtime >= kWrapped && others_have_not) {
      add("its virtual time has wrapped below zero, others' have not: as a plain number it is ages "
          "ahead of theirs");
      return true;
    }
    if (!least || *least < std::max(kSkewNs, waited_)) {
      return false;
    }
    add("its virtual time is " + text::human_duration(*least) +
        " ahead of everybody's who runs or waits there");
    return true;
  }

  void add_scene() {
    const Scene& scene = *evidence_.scene;
    add(name_ + (task_->queue ? " is in " + queue_name(*task_->queue) : " is on no queue") +
        for_how_long() + ", last on CPU " + std::to_string(task_->cpu) +
        (task_->allowed.empty() ? "" : ", may use CPU " + text::format_cpulist(task_->allowed)) +
        " (" + scene.source + " at " + text::human_duration(scene.at_ns) + ")");
    for (std::size_t i = 0; i < std::min(cpus_.size(), kShownCpus); ++i) {
      const CpuScene& cpu = *cpus_[i];
      add("CPU " + std::to_string(cpu.cpu) +
          (cpu.pid == 0 ? " idles"
                        : " runs " + cpu.comm + "[" + std::to_string(cpu.pid) + "]" +
                              (cpu.sched_class.empty() ? "" : " of class " + cpu.sched_class)));
    }
    if (cpus_.size() > kShownCpus) {
      add("and " + std::to_string(cpus_.size() - kShownCpus) + " more CPUs that it may use");
    }
    add_neighbours();
    if (evidence_.exit) {
      add_last_words(*evidence_.exit, task_->pid, found_);
    }
  }

  void add_neighbours() {
    std::size_t queued = 0;
    std::size_t waiting = 0;
    std::int64_t longest = 0;
    for (const TaskScene& other : evidence_.scene->tasks) {
      if (other.running || other.pid == task_->pid) {
        continue;
      }
      ++waiting;
      longest = std::max(longest, other.waiting_ns);
      const bool with_it = other.queue && task_->queue && other.queue->id == task_->queue->id &&
                           other.queue->local_cpu == task_->queue->local_cpu;
      queued += with_it ? 1U : 0U;
    }
    if (waiting == 0) {
      add("no other task waits");
      return;
    }
    add("others that wait: " + std::to_string(waiting) + ", for at most " +
        text::human_duration(longest) +
        (task_->queue ? "; " + std::to_string(queued) + " of them in " + queue_name(*task_->queue)
                      : ""));
  }

  const Evidence& evidence_;
  std::string name_;
  std::int64_t waited_;
  const TaskScene* task_ = nullptr;
  std::vector<const CpuScene*> cpus_; // that it may use
  Diagnosis found_;
};

} // namespace

Diagnosis diagnose_stall(const Evidence& evidence, std::int32_t pid, const std::string& name,
                         std::int64_t waiting_ns) {
  return Stall(evidence, pid, name, waiting_ns).diagnose();
}

} // namespace schedrig::triage
