// SPDX-License-Identifier: MIT
// Vm: one virtual machine that boots a stock x86-64 Linux kernel, from creation to stop.
//
// The public face of the VMM: whoever uses it includes this header and no other of this folder.
// Life: create -> start -> stop -> destroy; stop and destruction are allowed at any point. A guest
// that ends by itself (on_end) must still be stopped. Nothing of it outlives the process: guest
// memory is a memfd, threads are the process's own, there are no files and no children.
//
// Threads: one per vCPU and one device thread. All callbacks come from the device thread, one at a
// time; they must return (the guest's output waits meanwhile) and must not call stop or send.
// The process-wide signal SIGRTMIN is used to interrupt vCPU threads.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <schedrig/result.hpp>
#include <schedrig/topology.hpp>

#include "cpuid/vendor.hpp"
#include "exits.hpp"
#include "vm_end.hpp"

namespace schedrig::kvm {

class GuestMemory;

struct VmConfig {
  std::string kernel_path;                   // a bzImage
  std::span<const std::byte> kernel_image;   // instead of kernel_path, when not empty
  std::span<const std::byte> initramfs;      // cpio, compressed or not; copied; may be empty
  std::string extra_command_line;            // appended to kernel_command_line(); wins over it
  std::uint64_t memory_bytes = 512ULL << 20; // whole pages, 128 MiB to 3 GiB
  TopologyView topology;                     // 1 to 8 CPUs; used during create only
  std::optional<CpuVendor> vendor;           // whose CPUID leaves; default: the host CPU's
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

 protected:
  ~VmSink() = default;
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

  // Runs the guest. Once only.
  [[nodiscard]] Result<> start();

  // [any-thread, callbacks too] Queues bytes for the control port and returns how many fitted;
  // the guest reads them once it has the port open. What is queued when it closes the port is lost.
  [[nodiscard]] std::size_t try_send(std::span<const std::byte> bytes);
  // [any-thread but callbacks] Queues all, waiting for room. kTimeout: not all fitted in time (a
  // part is queued: the stream is broken); kGuestFailed: the guest ended or was stopped.
  [[nodiscard]] Result<> send(std::span<const std::byte> bytes, std::chrono::milliseconds timeout);

  // [any-thread but callbacks] Stops vCPUs and devices and joins their threads. Idempotent.
  // kTimeout: a thread did not come back in time, named; the destructor will wait for it.
  [[nodiscard]] Result<> stop(std::chrono::milliseconds timeout = std::chrono::seconds(2));

  // [any-thread] Figures so far.
  [[nodiscard]] ExitCounts exits() const noexcept;
  [[nodiscard]] BootPhases phases() const noexcept;
  [[nodiscard]] const std::string& kernel_version() const noexcept; // from the image's header
  [[nodiscard]] const std::string& command_line() const noexcept;   // as the guest got it
  // [any-thread] The guest's RAM; the guest writes to it at the same time.
  [[nodiscard]] const GuestMemory& memory() const noexcept;

 private:
  class Impl;
  explicit Vm(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What every guest is booted with; each flag has its reason in command_line.cpp.
[[nodiscard]] std::string kernel_command_line(std::string_view extra);

} // namespace schedrig::kvm
