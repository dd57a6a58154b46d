// SPDX-License-Identifier: MIT
// OpTest: ops applied one by one, in a step, on a ScriptedMachine.
#pragma once

#include <gtest/gtest.h>

#include "host/engine/op_context.hpp"
#include "tests/unit/engine/scripted_machine.hpp"

namespace schedrig::engine {

class OpTest : public testing::Test {
 protected:
  OpContext context() {
    return {.scenario = scenario_,
            .session = session_,
            .tree = tree_,
            .books = books_,
            .payloads = payloads_,
            .report = report_,
            .observer = observer_,
            .snapshots = nullptr,
            .affinity_random = random_,
            .scope = scope_,
            .pos = {}};
  }

  ScriptedMachine machine_;
  RunObserver observer_;
  EventCollector events_{observer_};
  Cancellation cancellation_;
  Topology topology_ = Topology::uniform(1, 1, 4, 1);
  TopologyView view_ = topology_.view();
  Session session_{machine_, machine_.files_facet(), machine_.tasks_facet(), view_,
                   events_,  cancellation_};
  CgroupTree tree_{session_};
  Books books_;
  PayloadBooks payloads_;
  Scenario scenario_;
  RunReport report_;
  Prng random_{1, 1000};
  Scope scope_{.owner = Owner::kStep, .name = "step \"one\""};
};

} // namespace schedrig::engine
