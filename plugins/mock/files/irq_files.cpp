// SPDX-License-Identifier: MIT
#include "plugins/mock/files/irq_files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "plugins/mock/files/kernel_mask.hpp"
#include "plugins/mock/files/kernel_parse.hpp"

namespace schedrig::mock {
namespace {

constexpr std::string_view kDefaultAffinity = "default_smp_affinity";
constexpr std::array<std::string_view, 4> kFiles = {"effective_affinity", "effective_affinity_list",
                                                    "smp_affinity", "smp_affinity_list"};
constexpr std::string_view kConsole = "PCI-MSIX-0000:00:01.0";
// Width of the first column: three digits do for fewer than 1000 interrupts.
constexpr std::size_t kNumberWidth = 3;
constexpr std::size_t kCountWidth = 10;

std::string right(std::string_view text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + std::string(text);
}

std::string left(std::string_view text, std::size_t width) {
  return std::string(text) + std::string(width - std::min(width, text.size()), ' ');
}

std::string zero_counts(std::uint32_t cpus) {
  std::string text;
  for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) {
    text += " " + right("0", kCountWidth);
  }
  return text;
}

} // namespace

IrqFiles::IrqFiles(std::uint32_t cpus) : cpus_(cpus), default_affinity_(CpuMask::first_n(cpus)) {
  const auto add = [this](std::uint32_t number, std::string_view chip, std::uint32_t line,
                          std::string_view flow, std::string_view action, bool movable = true) {
    irqs_.push_back({number, chip, line, flow, action, movable, default_affinity_});
  };
  add(0, "IO-APIC", 2, "edge", "timer", false);
  add(4, "IO-APIC", 4, "edge", "ttyS0");
  add(8, "IO-APIC", 8, "edge", "rtc0");
  add(9, "IO-APIC", 9, "fasteoi", "acpi");
  // One vector for changes of the configuration and one for each queue with a callback
  // (virtio_console.c): the control queue's output has none, and the ports' queues share names.
  std::uint32_t vector = 0;
  for (const std::string_view action : {"virtio0-config", "virtio0-input", "virtio0-output",
                                        "virtio0-control-i", "virtio0-input", "virtio0-output"}) {
    add(24 + vector, kConsole, vector, "edge", action);
    ++vector;
  }
}

std::string IrqFiles::interrupts() const {
  std::string text(kNumberWidth + 8, ' ');
  for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
    text += "CPU" + left(std::to_string(cpu), 8);
  }
  text += "\n";
  for (const Irq& irq : irqs_) {
    text += right(std::to_string(irq.number), kNumberWidth) + ":" + zero_counts(cpus_) + " " +
            right(irq.chip, 8) + " " + right(std::to_string(irq.line), kNumberWidth) + "-" +
            left(irq.flow, 8) + "  " + std::string(irq.action) + "\n";
  }
  text += right("NMI", kNumberWidth) + ":" + zero_counts(cpus_) + "   Non-maskable interrupts\n";
  text += right("ERR", kNumberWidth) + ": " + right("0", kCountWidth) + "\n";
  return text;
}

IrqFiles::Irq* IrqFiles::irq(std::string_view name) {
  std::uint32_t number = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool canonical = name.size() == 1 || name.front() != '0';
  if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size() || !canonical) {
    return nullptr;
  }
  const auto found = std::ranges::find(irqs_, number, &Irq::number);
  return found == irqs_.end() ? nullptr : &*found;
}

NodeKind IrqFiles::find(Components path) {
  if (path.empty()) {
    return NodeKind::kDirectory;
  }
  if (path[0] == kDefaultAffinity) {
    return path.size() == 1 ? NodeKind::kFile : NodeKind::kAbsent;
  }
  const Irq* const found = irq(path[0]);
  if (found == nullptr || path.size() > 2) {
    return NodeKind::kAbsent;
  }
  if (path.size() == 1 || path[1] == found->action) { // register_handler_proc()
    return NodeKind::kDirectory;
  }
  return std::ranges::find(kFiles, path[1]) != kFiles.end() ? NodeKind::kFile : NodeKind::kAbsent;
}

// The vector is on one CPU of the mask (apic_set_affinity()).
CpuMask IrqFiles::effective(const Irq& irq) {
  CpuMask one;
  one.set(irq.affinity.first());
  return one;
}

int IrqFiles::read(Components path, std::string& out) {
  if (path[0] == kDefaultAffinity) {
    out += format_mask(default_affinity_, cpus_) + "\n";
    return 0;
  }
  const Irq& which = *irq(path[0]);
  const CpuMask mask = path[1].starts_with("effective") ? effective(which) : which.affinity;
  out += (path[1].ends_with("_list") ? format_list(mask) : format_mask(mask, cpus_)) + "\n";
  return 0;
}

// write_irq_affinity(), default_affinity_write(): an empty mask is refused.
int IrqFiles::write(Components path, std::string_view data) {
  data = as_c_string(data);
  const bool is_default = path[0] == kDefaultAffinity;
  if (!is_default && path[1].starts_with("effective")) {
    return EIO; // no write operation behind it: proc_reg_write()
  }
  Irq* const which = is_default ? nullptr : irq(path[0]);
  if (which != nullptr && !which->movable) {
    return EPERM; // up to Linux 6.11: EIO
  }
  CpuMask mask;
  const int error = path.back().ends_with("_list") ? parse_list(data, cpus_, mask)
                                                   : parse_mask(data, cpus_, mask);
  if (error != 0) {
    return error;
  }
  if (mask.empty()) {
    return EINVAL;
  }
  (which == nullptr ? default_affinity_ : which->affinity) = mask;
  return 0;
}

void IrqFiles::list(Components path, std::vector<std::string>& names) {
  if (path.empty()) {
    names.emplace_back(kDefaultAffinity);
    for (const Irq& each : irqs_) {
      names.push_back(std::to_string(each.number) + "/");
    }
  } else if (path.size() == 1) {
    names.insert(names.end(), kFiles.begin(), kFiles.end());
    names.push_back(std::string(irq(path[0])->action) + "/");
  }
}

int IrqFiles::mkdir(Components /*path*/) {
  return ENOENT; // the look-up of an unknown name fails in procfs itself
}

} // namespace schedrig::mock
