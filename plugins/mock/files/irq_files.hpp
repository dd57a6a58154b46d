// SPDX-License-Identifier: MIT
// IrqFiles: the interrupts of the simulated machine, as /proc/interrupts and /proc/irq show them
// (kernel/irq/proc.c, Linux 6.18). A fixed set: the timer, which cannot be moved, the serial line,
// the clock, ACPI, and a virtio console with two ports, as on a kvm guest. No device ever raises
// one, so counts are 0 and a new affinity takes effect at once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/mock/files/file_tree.hpp"
#include "plugins/mock/sim/cpu_mask.hpp"

namespace schedrig::mock {

// Paths are below /proc/irq.
class IrqFiles final : public FileTree {
 public:
  explicit IrqFiles(std::uint32_t cpus);

  [[nodiscard]] std::string interrupts() const; // /proc/interrupts

  [[nodiscard]] NodeKind find(Components path) override;
  int read(Components path, std::string& out) override;
  int write(Components path, std::string_view data) override;
  void list(Components path, std::vector<std::string>& names) override;
  int mkdir(Components path) override;

 private:
  struct Irq {
    std::uint32_t number = 0;
    std::string_view chip;
    std::uint32_t line = 0; // of the chip (hwirq)
    std::string_view flow;
    std::string_view action;
    bool movable = true;
    CpuMask affinity;
  };

  [[nodiscard]] Irq* irq(std::string_view number);
  [[nodiscard]] static CpuMask effective(const Irq& irq);

  std::uint32_t cpus_;
  CpuMask default_affinity_;
  std::vector<Irq> irqs_; // by number
};

} // namespace schedrig::mock
