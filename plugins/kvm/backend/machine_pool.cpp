// SPDX-License-Identifier: MIT
#include "backend/machine_pool.hpp"

#include <optional>
#include <utility>

#include "vmm/vcpu_signal.hpp"

namespace schedrig::kvm {
namespace {

Result<BareVm> make_vm(const TemplateContent& content) {
  BareVm made;
  made.feed = TRY(GuestFeed::create());
  made.vm = TRY(Vm::create_from(content.machine, *made.feed, content.first_writes));
  return made;
}

} // namespace

MachinePool::~MachinePool() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    wanted_ = nullptr;
  }
  changed_.notify_all();
  if (worker_.joinable()) {
    worker_.join();
  }
}

bool MachinePool::start_worker() noexcept {
  if (!worker_.joinable()) {
    auto thread = start_thread("machine-pool", [this] { work(); });
    if (!thread) {
      return false; // all is done by whoever asks
    }
    worker_ = *std::move(thread);
  }
  return true;
}

Result<BareVm> MachinePool::take(const TemplateContent& content) {
  again_ = last_taken_ == &content;
  last_taken_ = &content;
  BareVm spare;
  {
    std::unique_lock lock(mutex_);
    if (wanted_ != nullptr) {
      wanted_ = nullptr; // not begun: quicker here
    }
    changed_.wait(lock, [&] { return making_ != &content; });
    if (spare_of_ == &content) {
      spare_of_ = nullptr;
      spare = std::move(spare_);
    }
  }
  return spare.vm ? Result<BareVm>(std::move(spare)) : make_vm(content);
}

void MachinePool::prepare_next(const TemplateContent& content) noexcept {
  if (!again_ || last_taken_ != &content || !start_worker()) {
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (spare_of_ == &content || making_ == &content) {
      return;
    }
    wanted_ = &content;
  }
  changed_.notify_all();
}

void MachinePool::forget(const TemplateContent& content) noexcept {
  if (last_taken_ == &content) {
    last_taken_ = nullptr;
    again_ = false;
  }
  BareVm gone;
  std::unique_lock lock(mutex_);
  if (wanted_ == &content) {
    wanted_ = nullptr;
  }
  changed_.wait(lock, [&] { return making_ != &content; });
  if (spare_of_ == &content) {
    spare_of_ = nullptr;
    gone = std::move(spare_);
  }
}

void MachinePool::close(std::shared_ptr<void> machine) noexcept {
  if (!start_worker()) {
    return; // which destroys it
  }
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return to_close_ == nullptr && !closing_; });
    to_close_ = std::move(machine);
  }
  changed_.notify_all();
}

// Closing first: its memory is more than a new VM's.
void MachinePool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ending_ || to_close_ != nullptr || wanted_ != nullptr; });
    if (to_close_ != nullptr) {
      std::shared_ptr<void> machine = std::move(to_close_);
      to_close_ = nullptr;
      closing_ = true;
      lock.unlock();
      machine.reset();
      lock.lock();
      closing_ = false;
    } else if (wanted_ != nullptr) {
      making_ = std::exchange(wanted_, nullptr);
      std::optional<BareVm> old(std::move(spare_)); // of another template
      spare_of_ = nullptr;
      lock.unlock();
      old.reset();
      Result<BareVm> made = make_vm(*making_);
      const bool ready = made && made->vm->prepare();
      lock.lock();
      if (ready) { // else the next take() meets the error itself
        spare_ = *std::move(made);
        spare_of_ = making_;
      }
      making_ = nullptr;
    } else {
      return;
    }
    changed_.notify_all();
  }
}

} // namespace schedrig::kvm
