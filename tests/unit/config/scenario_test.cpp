// SPDX-License-Identifier: MIT
// Defaults, and variants that docs/reference/scenario.toml does not use.
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/config/load.hpp"

namespace schedrig::config {
namespace {

using Cpus = std::vector<std::uint32_t>;

// Loads with all that has not landed; the texts here are right.
Scenario decode(const std::string& text) {
  LoadedConfig loaded = load(text, {}, true);
  EXPECT_EQ(errors_of(loaded), "");
  return std::move(loaded.scenario);
}

OpBody decode_op(const std::string& op) {
  Scenario scenario =
      decode("schema = 1\n[[backdrop.cgroup]]\nname = \"a\"\n[[step]]\nop = [ " + op + " ]\n");
  EXPECT_EQ(scenario.steps.at(0).ops.size(), 1U);
  return scenario.steps.at(0).ops.at(0).body;
}

TEST(Scenario, has_the_documented_defaults) {
  const Scenario scenario = decode("schema = 1\n[[step]]\n");
  EXPECT_EQ(scenario.run.name, "test");
  EXPECT_EQ(scenario.run.backend, "mock");
  EXPECT_EQ(scenario.run.scheduler, "eevdf");
  EXPECT_EQ(scenario.run.duration_ns, 10'000'000'000);
  EXPECT_EQ(scenario.run.deadline_ns, 130'000'000'000);
  EXPECT_EQ(scenario.run.seed, 1U);
  EXPECT_EQ(scenario.machine.memory_bytes, 512ULL << 20U);
  EXPECT_EQ(cpu_count(scenario.machine.topology.view()), 2U);
  EXPECT_EQ(scenario.steps.at(0).name, "step 1");
  EXPECT_EQ(std::get<HoldFixed>(scenario.steps[0].hold).duration_ns, 0);
  EXPECT_TRUE(scenario.checks.not_stuck);
  EXPECT_TRUE(scenario.checks.isolation);
  EXPECT_FALSE(scenario.checks.max_gap_ns);
}

TEST(Scenario, the_default_deadline_follows_the_duration) {
  EXPECT_EQ(decode("schema = 1\n[run]\nduration = \"5min\"\n[[step]]\n").run.deadline_ns,
            420'000'000'000);
}

TEST(Scenario, a_topology_table_may_be_of_any_shape) {
  const Scenario scenario = decode("schema = 1\n[machine]\nmemory = \"384MiB\"\ntopology = { nodes "
                                   "= [ { llcs = [4, 3], memory = "
                                   "\"256MiB\" }, { llcs = [], memory = \"128MiB\" } ], smt = 2, "
                                   "distances = [[10, 30], [30, 10]] "
                                   "}\n[[step]]\n");
  const Topology& topology = scenario.machine.topology;
  EXPECT_EQ(to_string(topology.view()), "[4,3|]x2t");
  EXPECT_EQ(topology.nodes.at(0).memory_bytes, 256ULL << 20U);
  EXPECT_EQ(topology.nodes.at(1).first_llc, 2U);
  EXPECT_EQ(topology.distances, (Cpus{10, 30, 30, 10}));
}

TEST(Scenario, memory_of_all_nodes_is_the_memory_of_the_machine) {
  const Scenario scenario =
      decode("schema = 1\n[machine]\ntopology = { nodes = [ { llcs = [1], memory = \"128MiB\" }, { "
             "llcs = [1], memory = \"64MiB\" } ] }\n[[step]]\n");
  EXPECT_EQ(scenario.machine.memory_bytes, 192ULL << 20U);
  EXPECT_EQ(scenario.machine.topology.distances, (Cpus{10, 20, 20, 10}));
}

TEST(Scenario, holds_may_loop_for_a_time_or_a_share) {
  const Scenario scenario =
      decode("schema = 1\n[[step]]\nhold = { every = \"100ms\" }\n[[step]]\nhold = { every = "
             "\"100ms\", for = \"25%\" }\n[[step]]\nhold = { every = \"100ms\", for = \"1s\" }\n");
  const auto loop = [&](std::size_t i) { return std::get<HoldLoop>(scenario.steps.at(i).hold); };
  EXPECT_EQ(loop(0).every_ns, 100'000'000);
  EXPECT_DOUBLE_EQ(std::get<HoldFraction>(loop(0).during).fraction, 1.0);
  EXPECT_DOUBLE_EQ(std::get<HoldFraction>(loop(1).during).fraction, 0.25);
  EXPECT_EQ(std::get<HoldFixed>(loop(2).during).duration_ns, 1'000'000'000);
}

WorkGroup decode_work(const std::string& work) {
  return std::get<Spawn>(
             decode_op("{ kind = \"spawn\", placement = \"runner\", work = { " + work + " } }"))
      .work;
}

TEST(Work, parameters_default_by_type) {
  EXPECT_EQ(decode_work("type = \"bursty\"").sleep_ns, 100'000'000);
  EXPECT_EQ(decode_work("type = \"idle_churn\"").sleep_ns, 5'000'000);
  EXPECT_EQ(decode_work("type = \"page_fault_churn\"").footprint_bytes, 4U << 20U);
  EXPECT_EQ(decode_work("type = \"pipe_io\"").burst_iterations, 1024U);
  // The type may come last.
  const WorkGroup late = decode_work("footprint = \"1MiB\", type = \"fan_out_compute\"");
  EXPECT_EQ(late.footprint_bytes, 1U << 20U);
  EXPECT_EQ(late.sleep_ns, 100'000);
}

TEST(Work, has_every_parameter) {
  const WorkGroup cache = decode_work(
      "type = \"cache_pipe\", footprint = \"64KiB\", stride = 128, burst_iterations = 7");
  EXPECT_EQ(cache.footprint_bytes, 65'536U);
  EXPECT_EQ(cache.stride_bytes, 128U);
  EXPECT_EQ(cache.burst_iterations, 7U);
  const WorkGroup fan = decode_work("type = \"fan_out_compute\", fan_out = 2, operations = 3, "
                                    "workers = 6");
  EXPECT_EQ(fan.fan_out, 2U);
  EXPECT_EQ(fan.operations, 3U);
  const WorkGroup lock =
      decode_work("type = \"mutex_contention\", contenders = 8, hold_iterations = 2, workers = 16");
  EXPECT_EQ(lock.contenders, 8U);
  EXPECT_EQ(lock.hold_iterations, 2U);
  EXPECT_EQ(decode_work("type = \"page_fault_churn\", touches = 9").touches, 9U);
  EXPECT_TRUE(decode_work("type = \"idle_churn\", precise_timing = true").precise_timing);
}

TEST(Scenario, several_backends_keep_their_sections) {
  const Scenario scenario =
      decode("schema = 1\n[backend.kvm]\nx = { y = 1.5 }\n[backend.mock]\n[[step]]\n");
  ASSERT_EQ(scenario.backends.size(), 2U);
  EXPECT_EQ(scenario.backends[0].name, "kvm");
  EXPECT_EQ(scenario.backends[0].params.at(0).key, "x.y");
  EXPECT_EQ(scenario.backends[0].params.at(0).type, ParamType::kFloat);
  EXPECT_TRUE(scenario.backends[1].params.empty());
}

TEST(Affinity, has_every_form) {
  const auto affinity = [](const std::string& text) {
    return std::get<SetAffinity>(
               decode_op("{ kind = \"set_affinity\", cgroup = \"a\", affinity = " + text + " }"))
        .affinity;
  };
  EXPECT_TRUE(std::holds_alternative<InheritAffinity>(affinity("\"inherit\"")));
  EXPECT_TRUE(std::holds_alternative<LlcAffinity>(affinity("\"llc\"")));
  EXPECT_TRUE(std::holds_alternative<CrossCgroupAffinity>(affinity("\"cross_cgroup\"")));
  EXPECT_TRUE(std::holds_alternative<SingleCpuAffinity>(affinity("\"single_cpu\"")));
  EXPECT_TRUE(std::holds_alternative<SmtPairAffinity>(affinity("\"smt_pair\"")));
  EXPECT_EQ(std::get<RandomAffinity>(affinity("{ random = { count = 3 } }")).count, 3U);
  EXPECT_EQ(std::get<ExactAffinity>(affinity("{ exact = [5, 1, 5] }")).cpus, (Cpus{1, 5}));
}

TEST(Cpuset, has_every_form) {
  const auto cpus = [](const std::string& text) {
    return std::get<SetCpuset>(
               decode_op("{ kind = \"set_cpuset\", cgroup = \"a\", cpus = " + text + " }"))
        .cpus;
  };
  EXPECT_EQ(std::get<LlcCpus>(cpus("{ llc = 3 }")).llc, 3U);
  EXPECT_EQ(std::get<NumaCpus>(cpus("{ numa = 1 }")).node, 1U);
  EXPECT_DOUBLE_EQ(std::get<RangeCpus>(cpus("{ range = [0, 0.5] }")).end, 0.5);
  EXPECT_EQ(std::get<ExactCpus>(cpus("{ exact = \"0-2,7\" }")).cpus, (Cpus{0, 1, 2, 7}));
  EXPECT_EQ(std::get<ExactCpus>(cpus("{ exact = [7, 0] }")).cpus, (Cpus{0, 7}));
}

TEST(MemPolicy, has_every_form) {
  const auto policy = [](const std::string& text) {
    return std::get<Spawn>(decode_op("{ kind = \"spawn\", placement = \"runner\", work = { type = "
                                     "\"spin\", mem_policy = " +
                                     text + " } }"))
        .work.mem_policy;
  };
  EXPECT_EQ(policy("\"default\"").mode, MemPolicyMode::kDefault);
  EXPECT_EQ(policy("\"local\"").mode, MemPolicyMode::kLocal);
  EXPECT_EQ(policy("{ preferred = [1] }").mode, MemPolicyMode::kPreferred);
  EXPECT_EQ(policy("{ interleave = \"0-1\" }").nodes, (Cpus{0, 1}));
  EXPECT_EQ(policy("{ preferred_many = [0] }").mode, MemPolicyMode::kPreferredMany);
  EXPECT_EQ(policy("{ weighted_interleave = [0] }").mode, MemPolicyMode::kWeightedInterleave);
}

TEST(SteerIrq, takes_a_number_or_a_label) {
  const auto numbered =
      std::get<SteerIrq>(decode_op("{ kind = \"steer_irq\", irq = 24, cpu = 1 }"));
  EXPECT_EQ(std::get<std::uint32_t>(numbered.irq), 24U);
  const auto labelled = std::get<SteerIrq>(
      decode_op("{ kind = \"steer_irq\", irq = { label = \"timer\", nth = 1 }, cpu = 1 }"));
  EXPECT_EQ(std::get<std::string>(labelled.irq), "timer");
  EXPECT_EQ(labelled.nth, 1U);
}

TEST(SchedCommand, has_every_form) {
  const auto command = [](const std::string& text) {
    return std::get<SchedCommand>(
               decode_op("{ kind = \"sched_command\", vcpu = 0, command = " + text + " }"))
        .command;
  };
  EXPECT_TRUE(std::holds_alternative<YieldCommand>(command("\"yield\"")));
  EXPECT_TRUE(std::holds_alternative<BlockCommand>(command("{ block = {} }")));
  EXPECT_EQ(std::get<ShutdownCommand>(command("{ shutdown = { reason = 2 } }")).reason, 2U);
  const auto poll = std::get<PollCommand>(command("{ poll = { ports = [1, 2], timeout_ns = 5 } }"));
  EXPECT_EQ(poll.ports, (Cpus{1, 2}));
  EXPECT_EQ(poll.timeout_ns, 5U);
  EXPECT_EQ(std::get<RemoteShutdownCommand>(
                command("{ remote_shutdown = { machine = \"b\", reason = 1 } }"))
                .machine,
            "b");
  EXPECT_EQ(std::get<ShutdownCodeCommand>(command("{ shutdown_code = { reason = 3 } }")).reason,
            3U);
  EXPECT_EQ(
      std::get<WatchdogCommand>(command("{ watchdog = { id = 1, timeout_s = 9 } }")).timeout_s, 9U);
  EXPECT_EQ(std::get<PinOverrideCommand>(command("{ pin_override = { pcpu = -1 } }")).pcpu, -1);
}

TEST(WatchSnapshot, takes_a_target_instead_of_a_symbol) {
  const auto watch = std::get<WatchSnapshot>(decode_op(
      "{ kind = \"watch_snapshot\", target = { kva = \"0xffffc90000001000\" }, len = 8, via = "
      "\"page\", condition = { op = \"<=\", value = \"0xffffffffffffffff\" } }"));
  EXPECT_EQ(std::get<KvaTarget>(watch.target).address, 0xffffc90000001000U);
  EXPECT_EQ(watch.len, 8U);
  EXPECT_EQ(watch.via, WatchVia::kPage);
  EXPECT_EQ(present(watch.condition).op, CompareOp::kLessEqual);
  EXPECT_EQ(present(watch.condition).value, UINT64_MAX);
}

TEST(CaptureSnapshot, expects_values_as_text_or_as_tables) {
  const auto capture = std::get<CaptureSnapshot>(decode_op(
      "{ kind = \"capture_snapshot\", name = \"here\", expect = [ \"maps['a<b.bss'].n>0\", "
      "\"cpus[2].nr_running <= 0x10\", { path = \"at_ns\", op = \"!=\", value = 7 } ] }"));
  ASSERT_EQ(capture.expect.size(), 3U);
  EXPECT_EQ(capture.expect[0].path, "maps['a<b.bss'].n") << "an operator in a name is none";
  EXPECT_EQ(capture.expect[0].op, CompareOp::kGreater);
  EXPECT_EQ(capture.expect[0].value, 0U);
  EXPECT_EQ(capture.expect[1].path, "cpus[2].nr_running");
  EXPECT_EQ(capture.expect[1].op, CompareOp::kLessEqual);
  EXPECT_EQ(capture.expect[1].value, 16U);
  EXPECT_EQ(capture.expect[2].op, CompareOp::kNotEqual);
  EXPECT_EQ(capture.expect[2].value, 7U);
}

struct BadOp {
  const char* op;
  const char* says;
};

TEST(UnlandedOps, refuse_bad_values_too) {
  const BadOp cases[] = {
      {R"({ kind = "watch_snapshot" })", "watch_snapshot does not say what to watch"},
      {R"({ kind = "watch_snapshot", symbol = "a", target = { symbol = "b" } })",
       "watch_snapshot has both symbol and target"},
      {R"({ kind = "watch_snapshot", symbol = "a", len = 3 })", "len is 3"},
      {R"({ kind = "watch_snapshot", symbol = "a", via = "magic" })", "unknown via \"magic\""},
      {R"({ kind = "watch_snapshot", symbol = "a", condition = { op = "=", value = 0 } })",
       "unknown op \"=\""},
      {R"({ kind = "capture_snapshot", name = "a", expect = [ "n" ] })",
       "\"n\" compares no value with a number"},
      {R"({ kind = "capture_snapshot", name = "a", expect = [ "n = 1" ] })",
       "\"n = 1\" compares no value with a number"},
      {R"({ kind = "capture_snapshot", name = "a", expect = [ "n > -1" ] })",
       "\"n > -1\" compares no value with a number"},
      {R"({ kind = "capture_snapshot", name = "a", expect = [ "> 1" ] })",
       "\"> 1\" compares no value with a number"},
      {R"({ kind = "capture_snapshot", name = "a", expect = [ 1 ] })",
       "a check of a value must be a table, not an integer"},
      {R"({ kind = "capture_snapshot", name = "a", expect = "n > 1" })",
       "expect must be a list, not a string"},
      {R"({ kind = "pin_bpf_map", name = "a_name_of_sixteen" })",
       "the kernel keeps 15 characters of a BPF map's name"},
      {R"({ kind = "read_kernel_hot", tag = "t", target = { kva = "0xg" }, width = "u64" })",
       "kva must be a number of 64 bits without a sign"},
      {R"({ kind = "read_kernel_hot", tag = "t", target = { kva = -1 }, width = "u64" })",
       "kva must be a number of 64 bits without a sign"},
      {R"({ kind = "read_kernel_hot", tag = "t", target = { kva = 1 }, width = "u16" })",
       "unknown width \"u16\""},
      {R"({ kind = "read_kernel_hot", tag = "t", target = { kva = 1 }, width = { bytes = 0 } })",
       "bytes is 0"},
      {R"({ kind = "write_kernel_hot", writes = [] })", "writes is empty"},
      {R"({ kind = "write_kernel_hot", writes = [ { target = { kva = 1 }, value = { u32 = 4294967296 } } ] })",
       "u32 is 4294967296"},
      {R"({ kind = "write_kernel_hot", writes = [ { target = { kva = 1 }, value = { bytes = "0" } } ] })",
       "\"0\" is not a string of bytes"},
      {R"({ kind = "write_kernel_hot", writes = [ { target = { task = { field = "f" } }, value = { u32 = 1 } } ] })",
       "task lacks the key \"cgroup\""},
      {R"({ kind = "steer_irq", irq = -1, cpu = 0 })", "irq is -1"},
      {R"({ kind = "steer_irq", irq = 1 })", "op steer_irq lacks the key \"cpu\""},
      {R"({ kind = "sched_command", vcpu = 0, command = "jump" })", "unknown command \"jump\""},
      {R"({ kind = "move_all_tasks", from = "a", to = "a" })",
       "move_all_tasks from \"a\" to itself"},
      {R"({ kind = "move_all_tasks", from = "a", to = "" })", "\"\" is no name for a cgroup"},
      {R"({ kind = "swap_cpusets", a = "a", b = "a" })", "swap_cpusets of \"a\" with itself"},
      {R"({ kind = "detach_scheduler", scheduler = "x" })",
       "unknown key \"scheduler\" in op detach_scheduler"},
  };
  for (const BadOp& bad : cases) {
    const LoadedConfig loaded =
        load("schema = 1\n[[backdrop.cgroup]]\nname = \"a\"\n[[step]]\nop = [ " +
                 std::string(bad.op) + " ]\n",
             {}, true);
    ASSERT_FALSE(loaded.ok()) << bad.op;
    EXPECT_EQ(loaded.diagnostics[0].message, bad.says) << bad.op;
    EXPECT_EQ(loaded.diagnostics[0].pos.line, 5U) << bad.op;
  }
}

} // namespace
} // namespace schedrig::config
