// SPDX-License-Identifier: MIT
// What the tasks facet told about workers, kept for the tests.
#pragma once

#include <vector>

#include <gtest/gtest.h>

#include <schedrig/tasks.hpp>

namespace schedrig::kvm {

class Pids final : public PidSink {
 public:
  void on_pid(std::uint32_t worker, std::int32_t pid) noexcept override {
    EXPECT_EQ(worker, all.size());
    all.push_back(pid);
  }
  std::vector<std::int32_t> all;
};

class Reports final : public WorkerReportSink {
 public:
  void on_report(const WorkerReport& report) noexcept override {
    EXPECT_EQ(report.worker, all.size());
    all.push_back(report);
    cpus.emplace_back(report.cpus_used.begin(), report.cpus_used.end());
    gaps.emplace_back(report.gaps.begin(), report.gaps.end());
    latencies.emplace_back(report.wake_latencies_ns.begin(), report.wake_latencies_ns.end());
  }
  std::vector<WorkerReport> all; // spans are stale: use the copies
  std::vector<std::vector<std::uint32_t>> cpus;
  std::vector<std::vector<Gap>> gaps;
  std::vector<std::vector<std::int64_t>> latencies;
};

} // namespace schedrig::kvm
