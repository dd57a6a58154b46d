// SPDX-License-Identifier: MIT
// A booted machine whose kernel's memory is walked through, for the tests of one process. Thread:
// the test's.
#pragma once

#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <schedrig/freeze.hpp>

#include "backend/machine.hpp"
#include "host/kernel/kernel_cache.hpp"
#include "host/kernel_view/task_walk.hpp"
#include "tests/lab/machine_sinks.hpp"

namespace schedrig::kvm {

namespace kv = kernel_view;
using lab::Events;
using lab::Pids;
using lab::Text;

inline constexpr std::int64_t kBootNs = 180'000'000'000;
inline constexpr std::int64_t kMapsNs =
    60'000'000'000; // for the program to start in an emulated host
inline constexpr std::uint32_t kCpus = 4;
inline constexpr int kWalks = 20; // of a machine that runs: a task may end under one

inline std::string agent_path;
inline std::string maps_path;
inline std::string kernel_version;
inline std::string schedulers_path; // with NAME.bpf.o

inline std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

struct ProcTask {
  std::int32_t tgid = 0;
  std::string comm;
  std::uint64_t start_ticks = 0;
  bool operator==(const ProcTask&) const = default;
};
using ProcTasks = std::map<std::int32_t, ProcTask>;

class KernelWalk : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto cache = kernel::KernelCache::open();
    ASSERT_TRUE(cache.has_value()) << cache.error().message;
    const auto kernel = cache->find(kernel_version);
    ASSERT_TRUE(kernel.has_value()) << kernel.error().message;
    RecordProperty("kernel", kernel->facts.version);
    image_ = kernel->image.string();
    MachineSpec spec;
    spec.topology = topology_.view();
    spec.memory_bytes = 256ULL << 20;
    spec.kernel_image = image_;
    const auto options = machine_options(spec, agent_path);
    ASSERT_TRUE(options.has_value());
    auto machine = KvmMachine::create(spec, *options, events_);
    ASSERT_TRUE(machine.has_value()) << machine.error().message;
    machine_ = *std::move(machine);
    const Status booted = machine_->boot(kBootNs);
    ASSERT_TRUE(booted.ok()) << booted.message << events_.text;
    auto facts = kv::read_image_facts(image_);
    ASSERT_TRUE(facts.has_value()) << facts.error().message;
    facts_.emplace(*std::move(facts));
    auto view = kv::KernelView::open(*facts_, kv::GuestRam(*query<MemoryFacet>(*machine_)));
    ASSERT_TRUE(view.has_value()) << view.error().message;
    view_.emplace(*std::move(view));
  }
  static void TearDownTestSuite() { machine_.reset(); }
  void SetUp() override { ASSERT_TRUE(view_); }

  static std::optional<std::string> run(FileOpKind kind, const std::string& path) {
    const FileOp op{.kind = kind, .path = path, .data = {}};
    Text text;
    const Status status =
        query<FilesFacet>(*machine_)->run(std::span(&op, 1), FileBatchMode::kAll, text);
    EXPECT_TRUE(status.ok()) << status.message;
    return text.os_errno == 0 ? std::optional(text.data) : std::nullopt;
  }
  static std::vector<std::string> list(const std::string& path) {
    return lines_of(run(FileOpKind::kList, path).value_or(""));
  }

  // What ends while it is read is left out.
  static ProcTasks read_proc() {
    ProcTasks all;
    for (const std::string& process : list("/proc")) {
      const std::int32_t tgid = std::atoi(process.c_str());
      for (const std::string& thread :
           tgid > 0 ? list("/proc/" + process + "task") : std::vector<std::string>()) {
        const std::string path = "/proc/" + process + "task/" + thread;
        const auto stat = run(FileOpKind::kRead, path + "stat");
        const auto comm = run(FileOpKind::kRead, path + "comm");
        if (!stat || !comm || comm->empty()) {
          continue;
        }
        std::istringstream rest(stat->substr(stat->rfind(')') + 2));
        std::string field;
        for (int i = 3; i <= 22; ++i) {
          rest >> field;
        }
        all[std::atoi(thread.c_str())] = {.tgid = tgid,
                                          .comm = comm->substr(0, comm->size() - 1),
                                          .start_ticks = std::strtoull(field.c_str(), nullptr, 10)};
      }
    }
    return all;
  }

  // Of a machine that stands still where it can; else of one that runs, until one comes through.
  template <class Walk> static auto walk(Walk&& once) {
    auto* freezer = query<FreezeFacet>(*machine_);
    std::int64_t ignored = 0;
    for (int i = 1;; ++i) {
      EXPECT_TRUE(freezer == nullptr || freezer->freeze(kMapsNs).ok());
      auto result = once();
      EXPECT_TRUE(freezer == nullptr || freezer->thaw(&ignored).ok());
      if (result || i == kWalks || freezer != nullptr) {
        EXPECT_TRUE(result) << result.error().message;
        return result;
      }
    }
  }
  static Result<std::vector<kv::TaskFacts>> walk_tasks() {
    auto tasks = kv::TaskWalk::of(*view_);
    return tasks ? tasks->all() : std::unexpected(tasks.error());
  }
  static void let_run(std::int64_t ns) {
    for (const std::int64_t end = machine_->now_ns() + ns; machine_->now_ns() < end;) {
      WakeReason reason{};
      ASSERT_TRUE(machine_->wait_until(end, &reason).ok());
    }
  }

  static inline Topology topology_ = Topology::uniform(1, 2, kCpus / 2, 1);
  static inline Events events_;
  static inline std::string image_;
  static inline std::unique_ptr<KvmMachine> machine_;
  static inline std::optional<kv::ImageFacts> facts_;
  static inline std::optional<kv::KernelView> view_;
};

} // namespace schedrig::kvm
