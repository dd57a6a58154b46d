// SPDX-License-Identifier: MIT
// A memory that has a small kernel: moved by KASLR, with page tables, per-CPU copies and tasks, as
// far as the kernel view looks at them. Objects lie in the direct map. Thread: one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/kernel_view/kernel_view.hpp"
#include "tests/unit/kernel_view/fake_ram.hpp"
#include "tests/unit/kernel_view/small_kernel_types.hpp"

namespace schedrig::test {

class SmallKernel {
 public:
  static constexpr std::uint64_t kText = 0xffff'ffff'8100'0000;
  static constexpr std::uint64_t kMap = 0xffff'ffff'8000'0000;
  static constexpr std::uint64_t kDirect = 0xffff'8880'0000'0000;
  static constexpr std::uint64_t kStep = 2ULL << 20U;
  static constexpr std::uint64_t kPhysical = 2 * kStep;
  static constexpr std::uint64_t kSlide = 9 * kStep;
  static constexpr std::uint64_t kPerCpu = 0x80000;   // of the first CPU's copy, physical
  static constexpr std::uint64_t kObjects = 0x100000; // where add_object() begins, physical
  static constexpr std::string_view kBanner = "Linux version 6.18.15 (builder@host) #1 SMP";
  static constexpr std::uint64_t kInitTask = 0x20800; // offset in the image

  SmallKernel()
      : facts{.symbols = symbols(),
              .types = kernel::BtfTypes::read(view_of(SmallKernelTypes().blob())).value(),
              .banner = std::string(kBanner)} {
    ram.put_text(kPhysical + 0x10000, kBanner);
    put(0x20000, kPhysical - (kText + kSlide - kMap));
    put(0x20008, kDirect);
    put(0x20010, 2);
    for (std::uint64_t cpu = 0; cpu < 2; ++cpu) { // the copies lie in the direct map
      put(0x20018 + cpu * 8, kDirect + kPerCpu + cpu * 0x1000 - (kText + kSlide + 0x40000));
    }
    map_large(kText + kSlide, kPhysical, 0x31000);
    map_large(kDirect, 0, 0x33000);
    link(init_task() + offset("task_struct", "tasks"), {});
    for (std::uint64_t cpu = 0; cpu < 2; ++cpu) {
      link(local_dsq(cpu) + offset("scx_dispatch_q", "list"), {});
    }
  }

  [[nodiscard]] kernel_view::KernelView view() {
    return kernel_view::KernelView::open(facts, kernel_view::GuestRam(ram)).value();
  }

  // What the kernel's pointers hold.
  [[nodiscard]] static std::uint64_t address_of(std::string_view symbol) {
    return symbols().address_of(symbol).value() + kSlide;
  }
  [[nodiscard]] static std::uint64_t init_task() { return address_of("init_task"); }
  [[nodiscard]] std::uint64_t local_dsq(std::uint64_t cpu) const {
    return kDirect + kPerCpu + cpu * 0x1000 + 0x100 + offset("rq", "scx.local_dsq");
  }
  std::uint64_t add_object(std::uint64_t bytes) {
    const std::uint64_t at = next_object_;
    next_object_ += (bytes + 63) / 64 * 64;
    return kDirect + at;
  }

  [[nodiscard]] std::uint64_t offset(std::string_view structure, std::string_view path) const {
    return facts.types.field(structure, path).value().offset;
  }
  template <class T> void put_at(std::uint64_t address, const T& value) {
    ram.put(physical_of(address), value);
  }
  // The field gets as many of the value's bytes as it has.
  void put_field(std::uint64_t object, std::string_view structure, std::string_view path,
                 std::uint64_t value) {
    const auto place = facts.types.field(structure, path).value();
    std::memcpy(ram.at(physical_of(object + place.offset), place.bytes), &value, place.bytes);
  }
  void put_task(std::uint64_t task, std::string_view path, std::uint64_t value) {
    put_field(task, "task_struct", path, value);
  }
  // A ring of list nodes from `head` on.
  void link(std::uint64_t head, std::vector<std::uint64_t> nodes) {
    nodes.push_back(head);
    std::uint64_t before = head;
    for (const std::uint64_t node : nodes) {
      put_at(before, node);
      put_at(node + 8, before);
      before = node;
    }
  }

  // A task of the fair class that sleeps, in no list yet.
  std::uint64_t add_task(std::uint32_t pid, std::uint32_t tgid, std::string_view comm) {
    const std::uint64_t task = add_object(facts.types.size_of("task_struct").value());
    put_task(task, "__state", 1);
    put_task(task, "usage.refs.counter", 2);
    put_task(task, "static_prio", 120);
    put_task(task, "se.load.weight", 1024);
    put_task(task, "pid", pid);
    put_task(task, "tgid", tgid);
    put_task(task, "start_boottime", pid * std::uint64_t{1'000'000'000} + 1'234);
    put_task(task, "sched_class", address_of("fair_sched_class"));
    link(task + offset("task_struct", "scx.runnable_node"), {});
    ram.put_text(physical_of(task + offset("task_struct", "comm")), comm);
    const std::uint64_t set = add_object(8);
    put_at(set, address_of("cgrp_dfl_root") + 8);
    put_task(task, "cgroups", set);
    return task;
  }
  // Processes of so many threads each; the first has pid 1, the rest follow.
  void add_processes(const std::vector<std::uint32_t>& threads) {
    std::vector<std::uint64_t> leaders;
    for (const std::uint32_t count : threads) {
      const std::uint64_t signal = add_object(facts.types.size_of("signal_struct").value());
      std::vector<std::uint64_t> nodes;
      const auto tgid = static_cast<std::uint32_t>(tasks.size() + 1);
      for (std::uint32_t i = 0; i < count; ++i) {
        const auto pid = static_cast<std::uint32_t>(tasks.size() + 1);
        const std::uint64_t task = add_task(pid, tgid, "task" + std::to_string(pid));
        put_task(task, "signal", signal);
        nodes.push_back(task + offset("task_struct", "thread_node"));
        if (i == 0) {
          leaders.push_back(task + offset("task_struct", "tasks"));
        }
        tasks.push_back(task);
      }
      link(signal, nodes);
    }
    link(init_task() + offset("task_struct", "tasks"), leaders);
  }

  static kernel_view::Symbols symbols() {
    kernel_view::Symbols all;
    all.add(kText, 'T', "_text");
    all.add(kText + 0x1000, 'T', "_stext");
    all.add(kText + 0x2000, 'T', "schedule");
    all.add(kText + 0x8000, 'T', "_etext");
    all.add(kText + 0x10000, 'R', "linux_banner");
    all.add(kText + 0x20000, 'D', "phys_base");
    all.add(kText + 0x20008, 'D', "page_offset_base");
    all.add(kText + 0x20010, 'D', "nr_cpu_ids");
    all.add(kText + 0x20018, 'D', "__per_cpu_offset");
    all.add(kText + 0x20080, 'D', "jiffies_64");
    all.add(kText + 0x20100, 'R', "fair_sched_class");
    all.add(kText + 0x20180, 'R', "ext_sched_class");
    all.add(kText + 0x20400, 'D', "map_idr");
    all.add(kText + 0x20480, 'D', "prog_idr");
    all.add(kText + 0x20440, 'D', "scx_root");
    all.add(kText + 0x20500, 'D', "cgrp_dfl_root");
    all.add(kText + kInitTask, 'D', "init_task");
    all.add(kText + 0x30000, 'D', "init_top_pgt");
    all.add(kText + 0x40000, 'D', "__per_cpu_start");
    all.add(kText + 0x40100, 'D', "runqueues");
    all.add(kText + 0x40200, 'D', "my_state");
    all.add(kText + 0x40300, 'D', "kernel_cpustat");
    all.add(kText + 0x41000, 'D', "__per_cpu_end");
    all.finish();
    return all;
  }

  kernel_view::ImageFacts facts;
  FakeRam ram;
  std::vector<std::uint64_t> tasks; // of add_processes(): pid n at n - 1

 private:
  static kernel::ByteView view_of(const std::string& text) { return test::view(text); }

  static std::uint64_t physical_of(std::uint64_t address) {
    return address >= kMap ? address - kText - kSlide + kPhysical : address - kDirect;
  }
  void put(std::uint64_t offset, std::uint64_t value) { ram.put(kPhysical + offset, value); }
  // A page of 2 MiB; its tables at two pages from `tables` on.
  void map_large(std::uint64_t address, std::uint64_t to, std::uint64_t tables) {
    const std::uint64_t pud = kPhysical + tables;
    put(0x30000 + ((address >> 39U) & 511U) * 8, pud | 3U);
    ram.put(pud + ((address >> 30U) & 511U) * 8, (pud + 0x1000) | 3U);
    ram.put(pud + 0x1000 + ((address >> 21U) & 511U) * 8, to | 0x83U);
  }

  std::uint64_t next_object_ = kObjects;
};

} // namespace schedrig::test
