// SPDX-License-Identifier: MIT
// docs/reference/scenario.toml decodes whole, each thing to what it says.
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <schedrig/scheduler_exit.hpp>

#include "tests/unit/config/load.hpp"

namespace schedrig::config {
namespace {

using Cpus = std::vector<std::uint32_t>;

class ReferenceFile : public testing::Test {
 protected:
  static const LoadedConfig& loaded() {
    static const LoadedConfig file = load_file(SCHEDRIG_SOURCE_DIR "/docs/reference/scenario.toml",
                                               {.sets = {}, .accept_unlanded = true});
    return file;
  }
  void SetUp() override { ASSERT_EQ(errors_of(loaded()), ""); }

  [[nodiscard]] static const Scenario& scenario() { return loaded().scenario; }
  // The nth op of that kind in a step.
  template <class T> [[nodiscard]] static T op(std::size_t step, std::size_t nth = 0) {
    for (const Op& op : scenario().steps.at(step).ops) {
      if (const T* body = std::get_if<T>(&op.body); body != nullptr && nth-- == 0) {
        return *body;
      }
    }
    ADD_FAILURE() << "no such op in step " << step;
    return {};
  }
};

TEST_F(ReferenceFile, is_refused_without_the_option_for_what_has_not_landed_alone) {
  const LoadedConfig strict = load_file(SCHEDRIG_SOURCE_DIR "/docs/reference/scenario.toml");
  EXPECT_FALSE(strict.diagnostics.empty());
  for (const Diagnostic& diagnostic : strict.diagnostics) {
    EXPECT_TRUE(diagnostic.message.ends_with("is not supported yet")) << diagnostic.message;
  }
}

TEST_F(ReferenceFile, run) {
  const RunConfig& run = scenario().run;
  EXPECT_EQ(run.name, "everything");
  EXPECT_EQ(run.backend, "mock");
  EXPECT_GT(run.backend_pos.line, 0U);
  EXPECT_EQ(run.scheduler, "fifo");
  EXPECT_GT(run.scheduler_pos.line, run.backend_pos.line);
  ASSERT_EQ(run.scheduler_params.size(), 1U);
  EXPECT_EQ(run.scheduler_params[0].key, "slice");
  EXPECT_EQ(run.scheduler_params[0].text, "5ms");
  EXPECT_EQ(run.duration_ns, 10'000'000'000);
  EXPECT_EQ(run.deadline_ns, 60'000'000'000);
  EXPECT_EQ(run.seed, 42U);
  EXPECT_EQ(run.expect, Expectation::kPass);
  EXPECT_EQ(run.expect_exit.kind, kExitErrorStall);
  EXPECT_EQ(run.on_exit, OnExit::kFail);
}

TEST_F(ReferenceFile, schedulers) {
  ASSERT_EQ(scenario().schedulers.size(), 1U);
  const SchedulerConfig& mine = scenario().schedulers[0];
  EXPECT_EQ(mine.name, "mine");
  EXPECT_EQ(mine.plugin, "scx");
  ASSERT_EQ(mine.params.size(), 2U);
  EXPECT_EQ(mine.params[0].key, "object");
  EXPECT_TRUE(mine.params[0].text.ends_with("docs/reference/build/mine.bpf.o"))
      << "relative to the file that says it";
  EXPECT_EQ(mine.params[1].key, "slice_ns");
}

TEST_F(ReferenceFile, machine_plugins_and_backend) {
  const MachineConfig& machine = scenario().machine;
  EXPECT_EQ(to_string(machine.topology.view()), "1n2l4c2t");
  EXPECT_EQ(machine.memory_bytes, 512ULL << 20U);
  ASSERT_EQ(machine.regions.size(), 2U);
  EXPECT_EQ(machine.regions[0].name, "low");
  EXPECT_EQ(machine.regions[0].bytes, 256ULL << 20U);
  EXPECT_EQ(machine.regions[0].cache, MemoryCache::kCoherent);
  EXPECT_FALSE(machine.regions[0].required);
  EXPECT_EQ(machine.regions[1].bytes, 256ULL << 20U);
  EXPECT_EQ(machine.regions[1].cache, MemoryCache::kNoncoherent);
  EXPECT_EQ(machine.kernel, "7.0");
  EXPECT_EQ(machine.cmdline, "quiet");
  EXPECT_EQ(scenario().plugin_path, std::vector<std::string>{"plugins"});
  ASSERT_EQ(scenario().backends.size(), 1U);
  const BackendConfig& mock = scenario().backends[0];
  EXPECT_EQ(mock.name, "mock");
  ASSERT_EQ(mock.params.size(), 13U);
  EXPECT_EQ(mock.params[0].key, "faults[0].at");
  EXPECT_EQ(mock.params[5].key, "faults[1].nth");
  EXPECT_EQ(mock.params[5].integer, 3);
  EXPECT_GT(mock.params[5].pos.column, mock.params[5].key_pos.column);
  EXPECT_EQ(mock.params[6].key, "ring.enabled");
  EXPECT_EQ(mock.params[12].key, "programs[0].output[0]");
  EXPECT_EQ(mock.params[12].text, "p99_us: 412");
}

TEST_F(ReferenceFile, payload) {
  ASSERT_EQ(scenario().payloads.size(), 1U);
  const PayloadDef& bench = scenario().payloads[0];
  EXPECT_EQ(bench.name, "bench");
  EXPECT_EQ(bench.binary, "schbench");
  EXPECT_EQ(bench.default_args, (std::vector<std::string>{"-r", "2"}));
  EXPECT_EQ(bench.files, std::vector<std::string>{"/etc/hostname"});
  EXPECT_EQ(bench.output, PayloadOutput::kExitCode);
  EXPECT_TRUE(bench.gate);
  ASSERT_EQ(bench.checks.size(), 2U);
  EXPECT_EQ(bench.checks[0].metric, "exit_code");
  EXPECT_EQ(bench.checks[0].equals, 0.0);
  EXPECT_EQ(bench.checks[1].maximum, 500.0);
  EXPECT_FALSE(bench.checks[1].equals);
}

TEST_F(ReferenceFile, backdrop_cgroup) {
  ASSERT_EQ(scenario().backdrop.cgroups.size(), 1U);
  const CgroupDef& base = scenario().backdrop.cgroups[0];
  EXPECT_EQ(base.name, "base");
  EXPECT_EQ(std::get<LlcCpus>(present(base.cpuset)).llc, 0U);
  EXPECT_EQ(base.cpu_weight, 100U);
  EXPECT_EQ(present(base.cpu_max).quota_ns, 50'000'000);
  EXPECT_EQ(present(base.cpu_max).period_ns, 100'000'000);
  EXPECT_EQ(base.memory_max, 256ULL << 20U);
  EXPECT_EQ(base.memory_high, 200ULL << 20U);
  EXPECT_EQ(base.io_weight, 100U);
  EXPECT_EQ(base.pids_max, 500U);
  EXPECT_TRUE(base.swappable);
  ASSERT_EQ(base.work.size(), 2U);
  EXPECT_EQ(base.work[0].type, WorkType::kSpin);
  EXPECT_EQ(base.work[0].workers, 4U);
  EXPECT_FALSE(base.work[0].workers_pct);
  const WorkGroup& bursty = base.work[1];
  EXPECT_EQ(bursty.type, WorkType::kBursty);
  EXPECT_EQ(bursty.workers_pct, 50.0);
  EXPECT_EQ(bursty.burst_ns, 1'000'000);
  EXPECT_EQ(bursty.sleep_ns, 2'000'000);
  EXPECT_EQ(bursty.nice, 5);
  EXPECT_EQ(bursty.policy, SchedClass::kBatch);
  EXPECT_TRUE(std::holds_alternative<InheritAffinity>(bursty.affinity));
  EXPECT_EQ(bursty.mem_policy.mode, MemPolicyMode::kBind);
  EXPECT_EQ(bursty.mem_policy.nodes, Cpus{0});
  ASSERT_EQ(scenario().backdrop.ops.size(), 4U);
  EXPECT_EQ(std::get<RunPayload>(scenario().backdrop.ops[0].body).payload, "bench");
  for (std::size_t i = 1; i < 4; ++i) { // the tasks of the [[workload]]
    EXPECT_EQ(std::get<Spawn>(scenario().backdrop.ops[i].body).cgroup, "base");
  }
}

TEST_F(ReferenceFile, steps_and_holds) {
  ASSERT_EQ(scenario().steps.size(), 5U);
  const auto& steps = scenario().steps;
  EXPECT_EQ(steps[0].name, "cgroups");
  EXPECT_DOUBLE_EQ(std::get<HoldFraction>(steps[0].hold).fraction, 0.1);
  EXPECT_EQ(steps[1].name, "payloads");
  EXPECT_EQ(std::get<HoldFixed>(steps[1].hold).duration_ns, 0);
  EXPECT_EQ(std::get<HoldFixed>(steps[3].hold).duration_ns, 1'000'000'000);
  ASSERT_EQ(steps[0].setup.size(), 1U);
  const CgroupDef& local = steps[0].setup[0];
  EXPECT_EQ(local.name, "local");
  EXPECT_EQ(std::get<DisjointCpus>(present(local.cpuset)).index, 0U);
  EXPECT_EQ(std::get<DisjointCpus>(present(local.cpuset)).of, 2U);
  EXPECT_EQ(std::get<RandomAffinity>(local.work.at(0).affinity).count, 2U);
}

TEST_F(ReferenceFile, holds_every_op_once_at_least) {
  std::vector<bool> used(op_infos().size());
  for (const Op& op : scenario().backdrop.ops) {
    used[op.body.index()] = true;
  }
  for (const Step& step : scenario().steps) {
    for (const Op& op : step.ops) {
      used[op.body.index()] = true;
      EXPECT_GT(op.pos.line, 0U);
    }
  }
  for (std::size_t i = 0; i < used.size(); ++i) {
    EXPECT_TRUE(used[i]) << op_infos()[i].name;
  }
}

TEST_F(ReferenceFile, cgroup_ops) {
  EXPECT_EQ(op<AddCgroup>(0).name, "a");
  const CgroupDef def = op<AddCgroupDef>(0).def;
  EXPECT_EQ(def.name, "b");
  EXPECT_DOUBLE_EQ(std::get<RangeCpus>(present(def.cpuset)).start, 0.5);
  EXPECT_DOUBLE_EQ(std::get<RangeCpus>(present(def.cpuset)).end, 1.0);
  EXPECT_EQ(def.work.at(0).type, WorkType::kFutexPingPong);
  const auto overlap = std::get<OverlapCpus>(op<SetCpuset>(0).cpus);
  EXPECT_EQ(overlap.index, 1U);
  EXPECT_EQ(overlap.of, 2U);
  EXPECT_DOUBLE_EQ(overlap.frac, 0.5);
  EXPECT_EQ(op<SwapCpusets>(0).a, "a");
  EXPECT_EQ(op<SwapCpusets>(0).b, "b");
  EXPECT_EQ(op<ClearCpuset>(0).cgroup, "a");
  EXPECT_EQ(op<MoveAllTasks>(0).from, "");
  EXPECT_EQ(op<MoveAllTasks>(0).to, "base");
  EXPECT_EQ(op<CaptureCgroupProcs>(0).tag, "where");
  EXPECT_FALSE(op<CaptureCgroupProcs>(0).threads);
  EXPECT_EQ(op<FreezeCgroup>(0).wait_ns, 2'000'000'000);
  EXPECT_EQ(op<UnfreezeCgroup>(0).cgroup, "a");
  EXPECT_EQ(op<StopCgroup>(0).cgroup, "a");
  EXPECT_EQ(op<RemoveCgroup>(0).cgroup, "a");
  EXPECT_FALSE(op<RemoveCgroup>(0).missing_ok);
}

TEST_F(ReferenceFile, worker_payload_and_irq_ops) {
  EXPECT_FALSE(op<Spawn>(0, 0).cgroup);
  EXPECT_EQ(op<Spawn>(0, 0).work.type, WorkType::kYield);
  const Spawn sequence = op<Spawn>(0, 1);
  EXPECT_EQ(sequence.cgroup, "a");
  ASSERT_EQ(sequence.work.phases.size(), 2U);
  EXPECT_EQ(sequence.work.phases[1].kind, PhaseKind::kSleep);
  EXPECT_EQ(sequence.work.phases[1].duration_ns, 2'000'000);
  EXPECT_EQ(std::get<ExactAffinity>(sequence.work.affinity).cpus, (Cpus{0, 1, 2, 3, 8}));
  EXPECT_TRUE(std::holds_alternative<LlcAffinity>(op<SetAffinity>(0).affinity));
  EXPECT_EQ(std::get<std::string>(op<SteerIrq>(0).irq), "virtio0-control-i");
  EXPECT_EQ(op<SteerIrq>(0).cpu, 1U);
  EXPECT_EQ(op<RunPayload>(1).args, (std::vector<std::string>{"-m", "2"}));
  EXPECT_EQ(op<RunPayload>(1).cgroup, "base");
  EXPECT_EQ(op<KillPayload>(1).cgroup, "base");
  EXPECT_EQ(op<WaitPayload>(1).timeout_ns, 20'000'000'000);
  EXPECT_FALSE(op<WaitPayload>(1).cgroup);
}

TEST_F(ReferenceFile, observation_ops) {
  EXPECT_EQ(op<CaptureSnapshot>(2).name, "here");
  const WatchSnapshot watch = op<WatchSnapshot>(2);
  EXPECT_EQ(std::get<SymbolTarget>(watch.target).name, "jiffies_64");
  EXPECT_EQ(watch.len, 4U);
  EXPECT_EQ(watch.via, WatchVia::kHardware);
  EXPECT_EQ(watch.max_captures, 16U);
  EXPECT_EQ(watch.min_interval_ns, 10'000'000);
  EXPECT_EQ(present(watch.condition).op, CompareOp::kGreater);
  EXPECT_EQ(op<ReadKernelHot>(2).tag, "j");
  EXPECT_TRUE(std::holds_alternative<U64Width>(op<ReadKernelHot>(2).width));
  const ReadKernelCold clock = op<ReadKernelCold>(2, 0);
  EXPECT_EQ(std::get<PerCpuTarget>(clock.target).symbol, "runqueues");
  EXPECT_EQ(std::get<PerCpuTarget>(clock.target).field, "clock");
  const ReadKernelCold raw = op<ReadKernelCold>(2, 1);
  EXPECT_EQ(std::get<KvaTarget>(raw.target).address, 0xffffc90000001000U);
  EXPECT_EQ(std::get<BytesWidth>(raw.width).count, 64U);
}

TEST_F(ReferenceFile, kernel_writes) {
  const WriteKernelHot hot = op<WriteKernelHot>(2);
  ASSERT_EQ(hot.writes.size(), 1U);
  EXPECT_EQ(std::get<MapTarget>(hot.writes[0].target).name, "mine.bss");
  EXPECT_EQ(std::get<U32Value>(hot.writes[0].value).value, 7U);
  const auto writes = op<WriteKernelCold>(2).writes;
  ASSERT_EQ(writes.size(), 6U);
  EXPECT_EQ(std::get<U64Value>(writes[0].value).value, 1U);
  EXPECT_EQ(std::get<OrU32Value>(writes[1].value).mask, 32U);
  EXPECT_EQ(std::get<DirectTarget>(writes[2].target).address, 0xffff888000001000U);
  EXPECT_EQ(std::get<BytesValue>(writes[2].value).bytes, (std::vector<std::uint8_t>{0x00, 0xff}));
  EXPECT_EQ(std::get<WorkerTarget>(writes[4].target).cgroup, "base");
  EXPECT_EQ(std::get<TaskTarget>(writes[5].target).pid, 100);
  EXPECT_EQ(std::get<TaskTarget>(writes[5].target).start_time_ns, 2'000'000'000U);
}

TEST_F(ReferenceFile, scheduler_and_command_ops) {
  EXPECT_EQ(op<ReplaceScheduler>(3).scheduler, "mine");
  EXPECT_EQ(op<PinBpfMap>(3).name, "mine.bss");
  EXPECT_EQ(op<AttachScheduler>(3).scheduler, "vtime");
  EXPECT_EQ(op<AttachScheduler>(3).timeout_ns, 30'000'000'000);
  const SchedCommand command = op<SchedCommand>(4);
  EXPECT_EQ(command.machine, "main");
  EXPECT_EQ(command.vcpu, 1U);
  EXPECT_EQ(std::get<PinOverrideCommand>(command.command).pcpu, 0);
}

TEST_F(ReferenceFile, checks) {
  const ChecksConfig& checks = scenario().checks;
  EXPECT_EQ(checks.max_gap_ns, 200'000'000);
  EXPECT_EQ(checks.max_spread_pct, 20.0);
  EXPECT_EQ(checks.max_p99_wake_latency_ns, 5'000'000);
  EXPECT_EQ(checks.min_iteration_rate, 100.0);
  EXPECT_EQ(checks.max_migration_ratio, 0.5);
  EXPECT_EQ(checks.work_conservation_ns, 10'000'000);
}

} // namespace
} // namespace schedrig::config
