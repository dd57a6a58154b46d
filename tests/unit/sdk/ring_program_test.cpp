// SPDX-License-Identifier: MIT
// ring.h, as a program in the machine uses it.
#include <cstdlib>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ring_program.h"
#include "ring_rig.hpp"

namespace schedrig {
namespace {

struct Program : RingRig {
  explicit Program(std::uint32_t index = 0) : RingRig(index) {
    attached = schedrig_ring_attach(&side, region.get());
  }
  schedrig_ring_producer side{};
  int attached;
};

TEST(RingProgram, written_in_c_submits_a_batch_by_one_doorbell) {
  RingRig rig;
  ASSERT_EQ(put_numbered_entries(rig.region.get(), 64), 0);
  EXPECT_EQ(rig.region->registers.doorbell, 1U);
  EXPECT_EQ(rig.drain().entries, 64U);
  EXPECT_EQ(rig.completions().size(), 64U);
}

TEST(RingProgram, gets_its_completions_across_the_wrap) {
  Program program(0xffffffc0);
  ASSERT_EQ(program.attached, 0);
  for (std::uint64_t i = 0; i < 200; ++i) {
    const RingSubmission entry = ring_entry(i, kRingNeedCompletion);
    ASSERT_EQ(schedrig_ring_put(&program.side, &entry), 0);
    schedrig_ring_submit(&program.side);
    program.drain();
    RingCompletion completion{};
    ASSERT_EQ(schedrig_ring_take(&program.side, &completion), 0);
    EXPECT_EQ(completion.user_data, i);
    EXPECT_EQ(schedrig_ring_take(&program.side, &completion), -EAGAIN);
  }
}

TEST(RingProgram, is_told_that_the_ring_is_full) {
  Program program;
  const RingSubmission entry = ring_entry(0);
  for (std::uint32_t i = 0; i < RingMemory::kSlots; ++i) {
    ASSERT_EQ(schedrig_ring_put(&program.side, &entry), 0);
  }
  EXPECT_EQ(schedrig_ring_put(&program.side, &entry), -EAGAIN);
}

TEST(RingProgram, does_not_believe_indices_that_make_no_sense) {
  Program program;
  const RingSubmission entry = ring_entry(0);
  for (std::uint32_t i = 0; i < RingMemory::kSlots; ++i) {
    ASSERT_EQ(schedrig_ring_put(&program.side, &entry), 0);
  }
  program.memory.store(RingIndex::kSubmitTail, 1000);
  EXPECT_EQ(schedrig_ring_put(&program.side, &entry), -EPROTO);
  program.memory.store(RingIndex::kCompleteHead, 1000);
  RingCompletion completion{};
  EXPECT_EQ(schedrig_ring_take(&program.side, &completion), -EPROTO);
}

TEST(RingProgram, a_wait_ends_in_time_when_nobody_answers) {
  Program program;
  RingCompletion completion{};
  EXPECT_EQ(schedrig_ring_wait(&program.side, &completion, 5), -ETIMEDOUT);
}

TEST(RingProgram, a_wait_on_a_dead_ring_takes_what_completed_and_then_says_so) {
  Program program;
  const RingSubmission good = ring_entry(1, kRingNeedCompletion);
  const RingSubmission bad = ring_entry(2, 0x4000);
  ASSERT_EQ(schedrig_ring_put(&program.side, &good), 0);
  ASSERT_EQ(schedrig_ring_put(&program.side, &bad), 0);
  schedrig_ring_submit(&program.side);
  program.drain();
  RingCompletion completion{};
  EXPECT_EQ(schedrig_ring_wait(&program.side, &completion, 1000), 0);
  EXPECT_EQ(completion.user_data, 1U);
  EXPECT_EQ(schedrig_ring_wait(&program.side, &completion, 1000), -EPIPE);
  EXPECT_EQ(program.side.registers->reason, SCHEDRIG_RING_RESERVED_BITS);
}

TEST(RingProgram, attaches_to_no_ring_of_another_layout) {
  RingRig rig;
  schedrig_ring_producer side{};
  rig.region->registers.version = 2;
  EXPECT_EQ(schedrig_ring_attach(&side, rig.region.get()), -EPROTO);
  rig.region->registers = ring_registers();
  rig.region->registers.magic = 0;
  EXPECT_EQ(schedrig_ring_attach(&side, rig.region.get()), -EPROTO);
}

TEST(RingProgram, attaches_to_no_dead_ring) {
  RingRig rig;
  rig.consumer.kill(RingFault::kStopped);
  schedrig_ring_producer side{};
  EXPECT_EQ(schedrig_ring_attach(&side, rig.region.get()), -EPIPE);
}

TEST(RingProgram,
     the_next_program_waits_for_the_entries_of_the_one_before_and_drops_their_completions) {
  RingRig rig;
  ASSERT_EQ(put_numbered_entries(rig.region.get(), 64), 0);
  rig.drain();
  ASSERT_EQ(put_numbered_entries(rig.region.get(), 10), 0);
  EXPECT_EQ(put_numbered_entries(rig.region.get(), 1), -EBUSY);
  rig.drain();
  schedrig_ring_producer side{};
  ASSERT_EQ(schedrig_ring_attach(&side, rig.region.get()), 0);
  RingCompletion completion{};
  EXPECT_EQ(schedrig_ring_take(&side, &completion), -EAGAIN);
}

// A ring in a file, as a machine shows it.
class RingFile : public testing::Test {
 public:
  ~RingFile() override {
    ::unsetenv("SCHEDRIG_RING");
    ::close(fd_);
  }

 protected:
  RingFile() : fd_(::memfd_create("ring", MFD_CLOEXEC)) {
    const auto region = ring_region();
    EXPECT_EQ(::write(fd_, region.get(), sizeof *region), ssize_t{sizeof *region});
    ::setenv("SCHEDRIG_RING", ("/proc/self/fd/" + std::to_string(fd_)).c_str(), 1);
  }
  int fd_;
};

TEST_F(RingFile, is_mapped_where_programs_expect_it) {
  schedrig_ring_producer side{};
  ASSERT_EQ(schedrig_ring_open(&side, 100), 0);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(side.registers), SCHEDRIG_RING_ADDRESS);
  schedrig_ring_close(&side);
}

TEST_F(RingFile, is_mapped_elsewhere_when_that_place_is_taken) {
  void* const taken = ::mmap(reinterpret_cast<void*>(SCHEDRIG_RING_ADDRESS), SCHEDRIG_RING_PAGE,
                             PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  ASSERT_NE(taken, MAP_FAILED);
  schedrig_ring_producer side{};
  EXPECT_EQ(schedrig_ring_open(&side, 100), 0);
  EXPECT_NE(reinterpret_cast<std::uintptr_t>(side.registers), SCHEDRIG_RING_ADDRESS);
  schedrig_ring_close(&side);
  ::munmap(taken, SCHEDRIG_RING_PAGE);
}

TEST_F(RingFile, has_one_program_at_a_time) {
  schedrig_ring_producer first{};
  schedrig_ring_producer second{};
  ASSERT_EQ(schedrig_ring_open(&first, 100), 0);
  EXPECT_EQ(schedrig_ring_open(&second, 100), -EBUSY);
  schedrig_ring_close(&first);
  EXPECT_EQ(schedrig_ring_open(&second, 100), 0);
  schedrig_ring_close(&second);
}

// Where the register is none: four bytes at the start of another file.
TEST_F(RingFile, is_rung_by_a_write_to_the_doorbell_file_where_one_is_named) {
  const int doorbell = ::memfd_create("doorbell", MFD_CLOEXEC);
  ::setenv("SCHEDRIG_RING_DOORBELL", ("/proc/self/fd/" + std::to_string(doorbell)).c_str(), 1);
  schedrig_ring_producer side{};
  const int opened = schedrig_ring_open(&side, 100);
  ::unsetenv("SCHEDRIG_RING_DOORBELL");
  ASSERT_EQ(opened, 0);
  schedrig_ring_submission noop{};
  ASSERT_EQ(schedrig_ring_put(&side, &noop), 0);
  schedrig_ring_submit(&side);
  std::uint32_t written = 0;
  EXPECT_EQ(::pread(doorbell, &written, sizeof written, 0), ssize_t{sizeof written});
  EXPECT_EQ(written, 1U);
  EXPECT_EQ(side.registers->doorbell, 0U);
  schedrig_ring_close(&side);
  ::close(doorbell);
}

TEST_F(RingFile, whose_doorbell_cannot_be_opened_is_not_attached_to) {
  ::setenv("SCHEDRIG_RING_DOORBELL", "/nowhere/at/all", 1);
  schedrig_ring_producer side{};
  EXPECT_EQ(schedrig_ring_open(&side, 100), -ENOENT);
  ::unsetenv("SCHEDRIG_RING_DOORBELL");
  EXPECT_EQ(schedrig_ring_open(&side, 100), 0) << "nobody has it";
  schedrig_ring_close(&side);
}

TEST_F(RingFile, that_is_not_named_is_not_found) {
  ::unsetenv("SCHEDRIG_RING");
  schedrig_ring_producer side{};
  EXPECT_EQ(schedrig_ring_open(&side, 100), -ENOENT);
}

} // namespace
} // namespace schedrig
