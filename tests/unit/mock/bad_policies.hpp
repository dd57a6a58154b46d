// SPDX-License-Identifier: MIT
// Policies that break one rule of sched_ext each. They behave like a FIFO until they are told to
// (a worker with nice 7 appears), so that the machine is up before the rule is broken.
#pragma once

#include <stdexcept>

#include <schedrig/sim_policy_adapter.hpp>

namespace schedrig::mock::test {

inline constexpr std::int32_t kTrigger = 7; // the nice level of the task that sets them off
inline constexpr std::uint64_t kQueue = 5;

// Everything through one user queue; derived classes spoil one callback.
class Sound : public PolicyBase {
 public:
  explicit Sound(ParamsView /*params*/) {}
  Status on_init() override {
    kernel().create_dsq(kQueue);
    return {};
  }
  std::int32_t on_select_cpu(const SimTask& task, std::int32_t prev, std::uint64_t flags) override {
    return triggered(task) ? bad_select_cpu(task, prev)
                           : PolicyBase::on_select_cpu(task, prev, flags);
  }
  void on_enqueue(const SimTask& task, std::uint64_t flags) override {
    if (triggered(task)) {
      bad_enqueue(task);
    } else {
      kernel().dsq_insert(task, kQueue, kSliceDefaultNs, flags);
    }
  }
  void on_dispatch(std::int32_t /*cpu*/, const SimTask* /*prev*/) override {
    kernel().dsq_move_to_local(kQueue);
  }

 protected:
  [[nodiscard]] static bool triggered(const SimTask& task) { return task.nice == kTrigger; }
  virtual std::int32_t bad_select_cpu(const SimTask& /*task*/, std::int32_t prev) { return prev; }
  virtual void bad_enqueue(const SimTask& task) {
    kernel().dsq_insert(task, kQueue, kSliceDefaultNs, 0);
  }
};

class InsertsTwice final : public Sound {
 public:
  using Sound::Sound;
  void bad_enqueue(const SimTask& task) override {
    kernel().dsq_insert(task, kQueue, kSliceDefaultNs, 0);
    kernel().dsq_insert(task, kQueue, kSliceDefaultNs, 0);
  }
};

class InsertsAnother final : public Sound {
 public:
  using Sound::Sound;
  void on_running(const SimTask& task) override { other_ = &task; }
  void on_exit_task(const SimTask& task) override { other_ = other_ == &task ? nullptr : other_; }
  void bad_enqueue(const SimTask& task) override {
    kernel().dsq_insert(other_ != nullptr ? *other_ : task, kQueue, kSliceDefaultNs, 0);
  }

 private:
  const SimTask* other_ = nullptr;
};

class InsertsFromTick final : public Sound {
 public:
  using Sound::Sound;
  void on_tick(const SimTask& task) override {
    if (triggered(task)) {
      kernel().dsq_insert(task, kQueue, kSliceDefaultNs, 0);
    }
  }
};

class UsesMissingDsq final : public Sound {
 public:
  using Sound::Sound;
  void bad_enqueue(const SimTask& task) override {
    kernel().dsq_insert(task, 0xbad, kSliceDefaultNs, 0);
  }
};

class InsertsOnForbiddenCpu final : public Sound {
 public:
  using Sound::Sound;
  void bad_enqueue(const SimTask& task) override {
    kernel().dsq_insert(task, kDsqLocalOn | 1, kSliceDefaultNs, 0); // tests pin it to CPU 0
  }
};

class InsertsOnMissingCpu final : public Sound {
 public:
  using Sound::Sound;
  void bad_enqueue(const SimTask& task) override {
    kernel().dsq_insert(task, kDsqLocalOn | 4711, kSliceDefaultNs, 0);
  }
};

class SelectsMissingCpu final : public Sound {
 public:
  using Sound::Sound;
  std::int32_t bad_select_cpu(const SimTask& /*task*/, std::int32_t /*prev*/) override {
    return 4711;
  }
};

class OrdersBuiltinByVtime final : public Sound {
 public:
  using Sound::Sound;
  void bad_enqueue(const SimTask& task) override {
    kernel().dsq_insert_vtime(task, kDsqGlobal, kSliceDefaultNs, 1, 0);
  }
};

// Keeps the FIFO queue filled, then inserts by vtime into it.
class MixesOrders final : public Sound {
 public:
  using Sound::Sound;
  void bad_enqueue(const SimTask& task) override {
    kernel().dsq_insert_vtime(task, kQueue, kSliceDefaultNs, 1, 0);
  }
};

class MovesFromMissingDsq final : public Sound {
 public:
  using Sound::Sound;
  void bad_enqueue(const SimTask& task) override {
    armed_ = true;
    kernel().dsq_insert(task, kQueue, kSliceDefaultNs, 0);
  }
  void on_dispatch(std::int32_t /*cpu*/, const SimTask* /*prev*/) override {
    kernel().dsq_move_to_local(armed_ ? 0xbad : kQueue);
  }

 private:
  bool armed_ = false;
};

class OverflowsDispatchBuffer final : public Sound {
 public:
  using Sound::Sound;
  void bad_enqueue(const SimTask& task) override { held_ = &task; }
  void on_dispatch(std::int32_t cpu, const SimTask* prev) override {
    for (int i = 0; held_ != nullptr && i < 40; ++i) {
      kernel().dsq_insert(*held_, kDsqLocal, kSliceDefaultNs, 0);
    }
    Sound::on_dispatch(cpu, prev);
  }
  void on_exit_task(const SimTask& /*task*/) override { held_ = nullptr; }

 private:
  const SimTask* held_ = nullptr;
};

class UsesInternalFlags final : public Sound {
 public:
  using Sound::Sound;
  void bad_enqueue(const SimTask& task) override {
    kernel().dsq_insert(task, kQueue, kSliceDefaultNs, 1ULL << 57U); // __SCX_ENQ_DSQ_PRIQ
  }
};

class ReportsError final : public Sound {
 public:
  using Sound::Sound;
  void bad_enqueue(const SimTask& task) override {
    kernel().dsq_insert(task, kQueue, kSliceDefaultNs, 0);
    kernel().error("this is the end");
  }
};

class Throws final : public Sound {
 public:
  using Sound::Sound;
  void bad_enqueue(const SimTask& /*task*/) override { throw std::runtime_error("thrown"); }
};

// Loses the task: enqueue does nothing, nobody ever dispatches it.
class Loses final : public Sound {
 public:
  using Sound::Sound;
  void bad_enqueue(const SimTask& /*task*/) override {}
};

// Says in every dispatch that it dispatched something, which is never a task that could run.
class DispatchesForEver final : public Sound {
 public:
  using Sound::Sound;
  void on_running(const SimTask& task) override { held_ = triggered(task) ? held_ : &task; }
  void bad_enqueue(const SimTask& task) override { lost_ = &task; }
  void on_exit_task(const SimTask& /*task*/) override { held_ = lost_ = nullptr; }
  void on_dispatch(std::int32_t cpu, const SimTask* prev) override {
    if (lost_ != nullptr && held_ != nullptr) {
      kernel().dsq_insert(*held_, kDsqLocal, kSliceDefaultNs, 0); // runs or sleeps: ignored
      return;
    }
    Sound::on_dispatch(cpu, prev);
  }

 private:
  const SimTask* held_ = nullptr;
  const SimTask* lost_ = nullptr;
};

// Kicks the CPU that asks it for work, every time.
class KicksForEver final : public Sound {
 public:
  using Sound::Sound;
  void on_dispatch(std::int32_t cpu, const SimTask* prev) override {
    kernel().kick_cpu(static_cast<std::uint32_t>(cpu), kKickPreempt);
    Sound::on_dispatch(cpu, prev);
  }
};

class RefusesInit final : public Sound {
 public:
  using Sound::Sound;
  Status on_init() override { return Status::make(StatusCode::kInvalidArgument, "not today"); }
};

} // namespace schedrig::mock::test
