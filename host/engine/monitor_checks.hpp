// SPDX-License-Identifier: MIT
// MonitorChecks: the checks over what the monitor samples. Each sample is judged as it comes, so
// that a run of any length needs no more memory than a short one. Pure; thread: any.
//
// A finding must hold in `sustained_samples` samples in a row; a CPU that idles, and a task that
// waits, are followed by the number of their CPU's switches: a CPU that has not switched since the
// last sample has idled all the time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <schedrig/scenario.hpp>

#include "host/engine/monitor_record.hpp"
#include "host/engine/run_report.hpp"
#include "host/triage/evidence.hpp"

namespace schedrig::engine {

// A sample with what is not kept of it.
struct MonitorReading {
  MonitorSample sample;
  std::vector<std::uint64_t> switches; // by the order of sample.cpus
  triage::Scene scene;
};

class MonitorChecks {
 public:
  explicit MonitorChecks(const ChecksConfig& config) : config_(config) {}

  // The pid of a task that is found wrong for the first time in the run; 0: none is.
  std::int32_t feed(const MonitorReading& reading);

  // Of those that are on, in a fixed order. Inconclusive: fewer samples than it takes.
  [[nodiscard]] std::vector<CheckRecord> records() const;

 private:
  // Samples in a row that were above a limit, and the worst of the longest row.
  struct Window {
    std::uint32_t now = 0;
    std::uint32_t longest = 0;
    std::uint64_t judged = 0;
    double worst = 0;
    std::string where; // and when the worst was
  };
  static void note(Window& window, bool above, double value, const std::string& where);

  void imbalance(const MonitorSample& sample);
  void depth(const MonitorSample& sample);
  void clocks(const MonitorSample& sample);
  void rate(Window& window, const std::optional<double>& limit, std::string_view counter,
            const MonitorSample& sample) const;
  void follow_idle_cpus(const MonitorReading& reading);
  std::int32_t work_conservation(const MonitorReading& reading);
  std::int32_t lost_task(const MonitorReading& reading);
  [[nodiscard]] CheckRecord record(const std::string& name, const Window& window,
                                   const std::string& limit, const std::string& unit) const;

  const ChecksConfig& config_;
  Window imbalance_;
  Window depth_;
  Window clock_;
  Window fallback_;
  Window keep_last_;
  Window idle_beside_; // work conservation: worst is the longest overlap, in nanoseconds
  Window lost_;        // worst is the longest wait, in nanoseconds
  struct Idle {
    std::int64_t since_ns = 0;
    std::uint64_t switches = 0;
  };
  std::map<std::uint32_t, Idle> idle_; // by CPU
  std::optional<MonitorSample> last_;
  bool suspected_ = false;
};

} // namespace schedrig::engine
