// SPDX-License-Identifier: MIT
// OpContext: what an op handler works with. References only; lives for one op. Thread: host.
#pragma once

#include <schedrig/prng.hpp>
#include <schedrig/scenario.hpp>

#include "host/engine/books.hpp"
#include "host/engine/cgroup_tree.hpp"
#include "host/engine/payload_books.hpp"
#include "host/engine/run_report.hpp"
#include "host/engine/session.hpp"
#include "host/engine/snapshots.hpp"

namespace schedrig::engine {

struct OpContext {
  const Scenario& scenario;
  Session& session;
  CgroupTree& tree;
  Books& books;
  PayloadBooks& payloads;
  RunReport& report;
  RunObserver& observer;
  Snapshots* snapshots; // null: nobody can take one
  Prng& affinity_random;
  const Scope& scope;
  SourcePos pos; // of the op or definition at work
};

} // namespace schedrig::engine
