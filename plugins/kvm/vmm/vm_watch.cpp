// SPDX-License-Identifier: MIT
// Watches are changed while all vCPUs stand, and each takes the change before it runs again.
#include "vm_impl.hpp"

namespace schedrig::kvm {
namespace {

// As for a freeze: a CPU leaves the guest within a millisecond of a kick; the rest is for a busy
// host.
constexpr auto kTimeout = std::chrono::seconds(2);

} // namespace

Result<> Vm::Impl::change_watches(const std::function<Result<>()>& change) {
  if (!started_ || frozen_ || lifecycle_.over()) {
    return fail(StatusCode::kInvalidArgument,
                frozen_ ? "the machine stands still" : "the machine does not run");
  }
  const Deadline deadline = std::chrono::steady_clock::now() + kTimeout;
  if (const auto late = stop_vcpus(deadline)) {
    gate_.open();
    return fail(StatusCode::kTimeout, "vCPU " + std::to_string(*late) + " did not stop in time");
  }
  auto changed = change();
  held_ = false; // else no vCPU would take the change
  gate_.open();
  TRY(std::move(changed));
  return watches_.wait_until_taken(static_cast<std::uint32_t>(vcpus_.size()), deadline);
}

// The others run on for as long as a kick takes. Who freezes the machine finds the gate shut.
void Vm::Impl::hold() {
  held_ = true;
  gate_.shut();
  for (std::size_t i = 0; i < vcpus_.size(); ++i) {
    vcpus_[i]->kick(threads_[i].native_handle());
  }
  sink_.on_held();
}

Result<> Vm::Impl::arm(std::uint32_t slot, const WatchSpec& spec, Watches::Now now, bool stops) {
  const std::lock_guard lock(control_mutex_);
  bool set = false;
  auto armed = change_watches([&]() -> Result<> {
    TRY(watches_.set(slot, spec, std::move(now), stops));
    set = true;
    return {};
  });
  if (!armed && set) {
    (void)change_watches([&] { return watches_.clear(slot); });
  }
  return armed;
}

Result<> Vm::Impl::disarm(std::uint32_t slot) {
  const std::lock_guard lock(control_mutex_);
  if (!started_ || lifecycle_.over()) {
    return watches_.clear(slot);
  }
  return change_watches([&] { return watches_.clear(slot); });
}

Result<> Vm::arm(std::uint32_t slot, const WatchSpec& spec, std::function<std::int64_t()> now) {
  return impl_->arm(slot, spec, std::move(now), false);
}
Result<> Vm::arm_stop(const WatchSpec& spec, std::function<std::int64_t()> now) {
  return impl_->arm(kStopSlot, spec, std::move(now), true);
}
bool Vm::held() const noexcept {
  return impl_->held_;
}
void Vm::release() noexcept {
  impl_->held_ = false;
}
Result<> Vm::disarm(std::uint32_t slot) {
  return impl_->disarm(slot);
}
Result<WatchHits> Vm::take_hits(std::uint32_t slot) {
  return impl_->watches_.take_hits(slot);
}

} // namespace schedrig::kvm
