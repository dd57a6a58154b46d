// SPDX-License-Identifier: MIT
// Vm: one virtual machine that boots a stock x86-64 Linux kernel, from creation to stop.
//
// The public face of the VMM: whoever uses it includes this header and no other of this folder.
// Life: create -> start -> stop -> destroy, or create_from -> start -> reset -> start -> ... ->
// destroy; stop and destruction are allowed at any point. A guest that ends by itself (on_end) must
// still be stopped. Nothing of it outlives the process: guest memory is a memfd, threads are the
// process's own, there are no files and no children.
//
// Threads: one per vCPU and one device thread. Callbacks come from the device thread, one at a
// time, unless they say otherwise; they must return (the guest's output waits meanwhile) and must
// not call stop, send or freeze. The process-wide signal SIGRTMIN is used to interrupt vCPU
// threads.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/memory_regions.hpp>
#include <schedrig/result.hpp>
#include <schedrig/topology.hpp>
#include <schedrig/vcpus.hpp>

#include "cpuid/vendor.hpp"
#include "exits.hpp"
#include "memory_slots.hpp"
#include "ram_image.hpp"
#include "vm_end.hpp"
#include "watches.hpp"

namespace schedrig::kvm {

class GuestMemory;
struct Reverted;
struct SavedMachine;

struct VmConfig {
  std::string kernel_path;                   // a bzImage or a vmlinux
  std::span<const std::byte> kernel_image;   // instead of kernel_path, when not empty
  std::span<const std::byte> initramfs;      // cpio, compressed or not; copied; may be empty
  std::string extra_command_line;            // appended to kernel_command_line(); wins over it
  bool kaslr = true;                         // false: the kernel is told to stay where it is linked
  std::uint64_t memory_bytes = 512ULL << 20; // whole pages, 128 MiB to 512 GiB
  TopologyView topology;                     // 1 to 64 CPUs; used during create only
  std::span<const MemoryRegion> regions;     // of all the memory, or none; used during create only
  std::optional<CpuVendor> vendor;           // whose CPUID leaves; default: the host CPU's
  bool ring = false;                         // with a submission ring (schedrig/ring.h)
  std::string kvm_device = "/dev/kvm";
};

// [device thread] Owned by the caller, must outlive the Vm.
class VmSink {
 public:
  // Bytes of hvc0 and of the early serial console, in order. Lines are the caller's business.
  virtual void on_console(std::span<const std::byte> bytes) noexcept = 0;
  // Bytes that the guest wrote to the control port. Slow callers slow the guest's writer down.
  virtual void on_control(std::span<const std::byte> bytes) noexcept = 0;
  // A program in the guest opened or closed the control port.
  virtual void on_control_open(bool open) noexcept = 0;
  // The guest does not run any more; all its output has been delivered. At most once, and not
  // when stop() came first.
  virtual void on_end(const VmEnd& end) noexcept = 0;
  // Something a person should see: a device that the guest broke, console bytes that were lost.
  virtual void on_notice(std::string_view text) noexcept = 0;
  // The ring's doorbell was rung that often. For those whose machines have a ring.
  virtual void on_ring_doorbell(std::uint64_t /*times*/) noexcept {}
  // [vcpu thread] The stop watch has matched: the machine is held. Must not wait.
  virtual void on_held() noexcept {}

 protected:
  ~VmSink() = default;
};

// How long a machine stood still, by the host's monotonic clock.
struct Pause {
  std::chrono::nanoseconds whole; // from the call that stopped the first CPU to the last's going on
  std::chrono::nanoseconds exits; // of it until the last vCPU stood
  std::chrono::nanoseconds clock; // for how long no time passed in the guest
  bool guest_clock_stood = true;  // false: this KVM cannot do it, and the guest saw `clock` go by
};

class Vm {
 public:
  // Reads the kernel, builds tables, creates the VM and its vCPUs; nothing runs yet. Errors:
  // kBadData (kernel image), kInvalidArgument (sizes, topology), kUnsupported (a limit of this
  // VMM or a capability this KVM lacks), kOs (an ioctl or system call, named).
  [[nodiscard]] static Result<std::unique_ptr<Vm>> create(const VmConfig& config, VmSink& sink);
  ~Vm(); // stops; waits for the threads however long they take

  Vm(const Vm&) = delete;
  Vm& operator=(const Vm&) = delete;

  // A machine that goes on where `saved` stood, with a copy of its own of everything; its facts are
  // the saved one's. `first_writes`: pages that it will write to at once, by what changed_pages()
  // said of another; a machine that has not been started takes no memory for them. Errors: those of
  // ioctls and mmap; kUnsupported: this host is too different.
  [[nodiscard]] static Result<std::unique_ptr<Vm>>
  create_from(std::shared_ptr<const SavedMachine> saved, VmSink& sink,
              std::vector<PageRun> first_writes = {}, const std::string& kvm_device = "/dev/kvm");

  // Does of start() what does not begin the machine's life: threads, and memory for its first
  // writes. For a machine of create_from() that is there before it is asked for. Not needed.
  [[nodiscard]] Result<> prepare();

  // Runs the guest. Once only, and once after each reset(). With a seed, each vCPU waits for some
  // time of its own up to 200 us before, so that equal machines do not run in lockstep.
  [[nodiscard]] Result<> start(std::optional<std::uint64_t> skew_seed = {});

  // The same, but frozen before the guest's first instruction: it runs from thaw() on.
  [[nodiscard]] Result<> start_frozen(std::optional<std::uint64_t> skew_seed = {});

  // [any-thread, callbacks too] Queues bytes for the control port and returns how many fitted;
  // the guest reads them once it has the port open. What is queued when it closes the port is lost.
  [[nodiscard]] std::size_t try_send(std::span<const std::byte> bytes);
  // [any-thread but callbacks] Queues all, waiting for room. kTimeout: not all fitted in time (a
  // part is queued: the stream is broken); kGuestFailed: the guest ended or was stopped.
  [[nodiscard]] Result<> send(std::span<const std::byte> bytes, std::chrono::milliseconds timeout);

  // [any-thread but callbacks] Stops vCPUs and devices. Idempotent. kTimeout: a thread
  // did not come back in time, named; the destructor will wait for it.
  [[nodiscard]] Result<> stop(std::chrono::milliseconds timeout = std::chrono::seconds(2));

  // [any-thread but callbacks] Makes all vCPUs and the device thread stand still until thaw():
  // nothing changes the guest's memory. kTimeout: one did not in time, named, and all run again;
  // kGuestFailed: the guest ended; kInvalidArgument: not started, or frozen already. A callback
  // that does not return makes the device thread late. The guest's clocks stand still with it.
  [[nodiscard]] Result<> freeze(std::chrono::milliseconds timeout);
  [[nodiscard]] Result<Pause> thaw();
  // Of a frozen machine; kInvalidArgument: of another, or a vCPU that it does not have.
  [[nodiscard]] Result<VcpuRegisters> registers(std::uint32_t vcpu) const;
  [[nodiscard]] std::uint32_t vcpu_count() const noexcept;
  // For how long a vCPU's thread was ready to run and had no CPU of the host's (vm_stolen.cpp).
  // kInvalidArgument: there is no such vCPU, or it has not run; kUnsupported: the host's kernel
  // does not count it.
  [[nodiscard]] Result<std::chrono::nanoseconds> stolen(std::uint32_t vcpu) const;
  // [any-thread but callbacks] One vCPU alone: it stands still until release(), or `until` at the
  // latest, which freeze windows put off; the guest counts the time as stolen. Saves, stops and
  // freezes do not wait for it. kTimeout: it did not stand within `timeout`, and runs;
  // kInvalidArgument: not started, or there is no such vCPU.
  [[nodiscard]] Result<> hold(std::uint32_t vcpu, std::chrono::steady_clock::time_point until,
                              std::chrono::milliseconds timeout);
  [[nodiscard]] Result<> release(std::uint32_t vcpu);
  // Its thread leaves the guest and gives up its time slice (sched_yield(2)), once.
  [[nodiscard]] Result<> yield(std::uint32_t vcpu, std::chrono::milliseconds timeout);
  // Its thread runs on that CPU of the host alone, until unpin() or the end of its machine's life.
  // kOs: sched_setaffinity(2).
  [[nodiscard]] Result<> pin(std::uint32_t vcpu, std::uint32_t host_cpu);
  [[nodiscard]] Result<> unpin(std::uint32_t vcpu);
  // [any-thread but callbacks] Watches of linear addresses, as watch.hpp describes them, of a
  // machine that runs; gone with reset(). `now` is asked on vCPU threads. An error of arm() leaves
  // the slot free.
  [[nodiscard]] Result<> arm(std::uint32_t slot, const WatchSpec& spec,
                             std::function<std::int64_t()> now);
  [[nodiscard]] Result<> disarm(std::uint32_t slot);
  [[nodiscard]] Result<WatchHits> take_hits(std::uint32_t slot);
  // The watch of kStopSlot, whose first match holds the machine: no vCPU runs, whatever is
  // thawed, before release() and the next thaw(), or a change of watches. Its devices go on.
  // disarm() and take_hits() as of the others.
  static constexpr std::uint32_t kStopSlot = 0;
  [[nodiscard]] Result<> arm_stop(const WatchSpec& spec, std::function<std::int64_t()> now);
  [[nodiscard]] bool held() const noexcept;
  void release() noexcept;

  // For tests, before start(): whenever that vCPU is to stand still, it takes so much longer.
  void make_late(std::uint32_t vcpu, std::chrono::nanoseconds by);
  // Of a frozen machine, which can be thawed afterwards. Output that was on its way to the sink is
  // not in it.
  [[nodiscard]] Result<std::shared_ptr<const SavedMachine>> save();

  // Which pages have changed, of a machine of create_from() since then, of another since its first
  // save(). It may run meanwhile.
  [[nodiscard]] Result<std::vector<PageRun>> changed_pages() const;

  // Back to where a machine of create_from() was before start(), whether it runs, has ended or was
  // stopped. What it still says is delivered before. kTimeout as stop(). How many pages had
  // changed.
  [[nodiscard]] Result<Reverted> reset(std::chrono::milliseconds timeout);

  // [any-thread] Figures so far.
  [[nodiscard]] ExitCounts exits() const noexcept;
  [[nodiscard]] BootPhases phases() const noexcept;
  [[nodiscard]] const std::string& kernel_version() const noexcept; // from a bzImage's header
  [[nodiscard]] std::string_view kernel_format() const noexcept;    // "bzImage" or "vmlinux"
  // May the kernel choose where it runs? A vmlinux cannot, and "nokaslr" forbids it.
  [[nodiscard]] bool kaslr() const noexcept;
  [[nodiscard]] const std::string& command_line() const noexcept; // as the guest got it
  // Of the regions that it was created with.
  [[nodiscard]] const std::vector<RegionCache>& region_caches() const noexcept;
  // [any-thread] The guest's RAM; the guest writes to it at the same time.
  [[nodiscard]] const GuestMemory& memory() const noexcept;
  // [any-thread] The submission ring's region; empty without one. The guest writes to it at the
  // same time; reset() takes it back, too.
  [[nodiscard]] std::span<std::byte> ring_memory() const noexcept;

 private:
  class Impl;
  explicit Vm(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What every guest is booted with; each flag has its reason in command_line.cpp.
[[nodiscard]] std::string kernel_command_line(std::string_view extra, bool kaslr = true);
// As a word of its own, which is how the kernel's decompressor looks for it.
[[nodiscard]] bool says_nokaslr(std::string_view command_line);

} // namespace schedrig::kvm
