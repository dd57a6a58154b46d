// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "host/engine/cold_run.hpp"

namespace schedrig::engine {
namespace {

const Op kRead{.body = ReadKernelCold{}, .pos = {}};
const Op kWrite{.body = WriteKernelCold{}, .pos = {}};

// The lengths of all runs of a list, one for each op that is not cold.
std::vector<std::size_t> runs(const std::vector<Op>& ops) {
  std::vector<std::size_t> lengths;
  for (std::size_t i = 0; i < ops.size(); i += std::max<std::size_t>(lengths.back(), 1)) {
    lengths.push_back(cold_run(std::span(ops).subspan(i)));
  }
  return lengths;
}

TEST(ColdRun, takes_neighbours_whether_they_read_or_write) {
  EXPECT_EQ(runs({kWrite, kWrite, kWrite}), std::vector<std::size_t>{3});
  EXPECT_EQ(runs({kRead, kRead}), std::vector<std::size_t>{2});
  EXPECT_EQ(runs({kWrite, kRead, kWrite, kRead}), std::vector<std::size_t>{4});
}

TEST(ColdRun, ends_at_any_other_op_and_has_none_of_them) {
  for (const OpBody& other : {OpBody(ReadKernelHot{}), OpBody(WriteKernelHot{}),
                              OpBody(CaptureSnapshot{}), OpBody(AddCgroup{})}) {
    EXPECT_EQ(runs({kRead, {.body = other, .pos = {}}, kWrite, kRead}),
              (std::vector<std::size_t>{1, 0, 2}));
  }
}

TEST(ColdRun, of_nothing_is_empty) {
  EXPECT_EQ(cold_run({}), 0U);
}

} // namespace
} // namespace schedrig::engine
