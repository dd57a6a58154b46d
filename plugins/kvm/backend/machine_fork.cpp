// SPDX-License-Identifier: MIT
// Machines that are saved, start from a saved one, and go back to it.
#include "backend/machine.hpp"
#include "vmm/ram_image.hpp"

namespace schedrig::kvm {
namespace {

using std::chrono::nanoseconds;

std::chrono::milliseconds whole_ms(nanoseconds time) {
  return std::chrono::ceil<std::chrono::milliseconds>(after(time) -
                                                      std::chrono::steady_clock::now());
}

// Its threads have been told to stop: microseconds, but the host may be loaded.
constexpr std::chrono::milliseconds kStopTimeout{5000};
// Some hundred pages are usual; more than this is no longer what an answer takes.
constexpr std::uint64_t kMostFirstWriteBytes = 8ULL << 20;

} // namespace

Result<std::unique_ptr<KvmMachine>> KvmMachine::create_from(const TemplateContent& content,
                                                            std::uint64_t seed,
                                                            const MachineOptions& options,
                                                            EventSink& events, MachinePool& pool) {
  const std::int64_t began_ns = host_now_ns();
  SavedSession session = TRY(decode_session(content.session));
  BareVm bare = TRY(pool.take(content));
  std::unique_ptr<KvmMachine> machine(new KvmMachine(options, events, std::move(bare.feed)));
  machine->origin_ =
      Origin{.session = std::move(session), .seed = seed, .content = &content, .pool = &pool};
  machine->template_fields_ = content.fields;
  machine->set_vm(std::move(bare.vm), options);
  machine->create_ns_ = host_now_ns() - began_ns;
  return machine;
}

// Stopped and cut off here: the thread that closes it must not tell anybody anything.
void KvmMachine::destroy(std::unique_ptr<KvmMachine> machine) noexcept {
  if (!machine) {
    return;
  }
  const std::optional<Origin>& origin = machine->origin_;
  if (!origin) {
    return;
  }
  MachinePool& pool = *origin->pool;
  machine->feed_->close();
  machine->channel_.close();
  if (machine->vm_->stop(kStopTimeout)) {
    pool.close(std::shared_ptr<void>(std::move(machine)));
  }
}

Result<TemplateContent> KvmMachine::save(nanoseconds timeout) {
  if (state_ != State::kRunning) {
    return fail(StatusCode::kInvalidArgument, "save: the machine does not run");
  }
  TemplateContent content;
  content.fields = TRY(template_fields_);
  TRY(vm_facets_->freezer.stop(timeout));
  auto machine = vm_->save();
  // What the guest had sent by then is this side's; the rest of a frame is still to come from it.
  channel_.pump();
  link_.on_unasked(channel_.take_control());
  content.session = encode_session({.hello = hello_, .link = link_.session()});
  (void)TRY(vm_facets_->freezer.go_on());
  content.machine = TRY(std::move(machine));
  content.first_writes = first_writes(after(timeout));
  return content;
}

// What this machine writes to while it answers, going on from where it was saved, others will, too.
std::vector<PageRun> KvmMachine::first_writes(Deadline deadline) {
  if (origin_) {
    return {}; // it has changed pages since its own start, too
  }
  const Result<> answered = link_.sync_clock(deadline);
  auto pages = answered ? vm_->changed_pages() : std::unexpected(answered.error());
  std::uint64_t bytes = 0;
  for (const PageRun& run : pages.value_or(std::vector<PageRun>{})) {
    bytes += run.bytes;
  }
  // A machine saved twice has changed much since the first time.
  return bytes > kMostFirstWriteBytes ? std::vector<PageRun>{}
                                      : pages.value_or(std::vector<PageRun>{});
}

// The saved guest goes on, and is told who it is now.
Result<> KvmMachine::resume_guest(const Origin& origin, Deadline deadline) {
  hello_ = origin.session.hello;
  link_.resume(origin.session.link);
  TRY(link_.introduce(origin.seed, deadline));
  hello_ns_ = host_now_ns();
  for (int i = 0; i < kForkClockSamples; ++i) {
    TRY(link_.sync_clock(deadline));
  }
  origin.pool->prepare_next(*origin.content);
  return {};
}

Result<> KvmMachine::reset(std::uint64_t seed, nanoseconds timeout) {
  if (!origin_) {
    return fail(StatusCode::kInvalidArgument, "reset: the machine was not made from a template");
  }
  const std::int64_t began_ns = host_now_ns();
  feed_->close();
  channel_.close();
  changed_pages_ = TRY(vm_->reset(whole_ms(timeout))).pages;
  feed_->reopen();
  channel_.forget();
  monitor_.restart();
  payloads_.forget();
  schedulers_.forget();
  guest_requests_.forget();
  vm_facets_->ring.forget();
  clock_.reset();
  hello_ns_ = 0;
  origin_->seed = seed;
  create_ns_ = host_now_ns() - began_ns;
  state_ = State::kCreated;
  return {};
}

} // namespace schedrig::kvm
