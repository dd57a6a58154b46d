// SPDX-License-Identifier: MIT
// MachinePool: takes the making and the closing of machines that start from templates, milliseconds
// of KVM's for each, off the path of whoever waits for a machine. A thread of its own makes one VM
// ahead, of a template that has been asked for twice, and closes one machine behind.
//
// Bounds: one spare VM, which has the pages that it will write to first, and one machine being
// closed. Nothing outlives the process. Thread: host thread.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "backend/guest_feed.hpp"
#include "template/template_files.hpp"
#include "vmm/vm.hpp"

namespace schedrig::kvm {

// A VM over a template's memory that has not been started, and what it will tell its owner through.
struct BareVm {
  std::unique_ptr<GuestFeed> feed;
  std::unique_ptr<Vm> vm; // before `feed` in destruction
};

class MachinePool {
 public:
  MachinePool() = default;
  MachinePool(const MachinePool&) = delete;
  MachinePool& operator=(const MachinePool&) = delete;
  ~MachinePool();

  // The spare if it is of this template, else one that is made now. Errors: Vm::create_from's.
  [[nodiscard]] Result<BareVm> take(const TemplateContent& content);
  // A machine of it has come up: it is a good time for the next. `content` stays until forget().
  void prepare_next(const TemplateContent& content) noexcept;
  // No spare is of this template any more.
  void forget(const TemplateContent& content) noexcept;
  // Destroys it behind; waits for the one before. Nothing of it may call its owner any more.
  void close(std::shared_ptr<void> machine) noexcept;

 private:
  [[nodiscard]] bool start_worker() noexcept;
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  const TemplateContent* last_taken_ = nullptr; // [host thread]
  bool again_ = false;                          // [host thread] taken twice in a row
  const TemplateContent* wanted_ = nullptr;     // a spare of it is to be made
  const TemplateContent* making_ = nullptr;     // by the worker, right now
  const TemplateContent* spare_of_ = nullptr;
  BareVm spare_;
  std::shared_ptr<void> to_close_;
  bool closing_ = false;
  bool ending_ = false;
  std::thread worker_; // of the first that has work for it
};

} // namespace schedrig::kvm
