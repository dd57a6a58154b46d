// SPDX-License-Identifier: MIT
// Submission rings: no-ops a second through the checked ring, beside the same layout without a
// check, and beside io_uring's no-ops; in turns, in one run. Then producer and consumer in two
// processes, the time of one entry there and back, and a system call for each operation.
// Every entry completes. ring_bench [BATCH]
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef SCHEDRIG_LIBURING
#include <liburing.h>
#endif

#include <schedrig/ring_consumer.hpp>
#include <schedrig/ring_producer.hpp>

namespace {

using namespace schedrig;
using std::chrono::steady_clock;

constexpr int kTurns = 9;
constexpr std::uint64_t kEntries = 2'000'000; // of a turn

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

RingSubmission noop(std::uint64_t number) {
  RingSubmission entry{};
  entry.flags = kRingNeedCompletion;
  entry.user_data = number;
  return entry;
}

// Kept in a register until the end, so that nothing is left out as unused.
std::uint64_t sum = 0;

// One thread is both sides, a batch at a time.
class CheckedRing {
 public:
  void turn(std::uint32_t batch) {
    for (std::uint64_t done = 0; done < kEntries; done += batch) {
      for (std::uint32_t i = 0; i < batch; ++i) {
        (void)producer_.put(noop(i));
      }
      producer_.publish();
      consumer_.drain([](const RingSubmission&) { return RingResult{}; });
      producer_.take_all([](const auto& completion) { sum += completion.user_data; });
    }
  }

 private:
  std::unique_ptr<RingRegion> region_ = std::make_unique<RingRegion>();
  RingProducer<RingMemory> producer_{RingMemory(region_->ring, region_->registers)};
  RingConsumer<RingMemory> consumer_{RingMemory(region_->ring, region_->registers)};
};

// What checks cost: the same copies, but no bounds, no flags but the one that is used, no counts.
class UncheckedRing {
 public:
  void turn(std::uint32_t batch) {
    for (std::uint64_t done = 0; done < kEntries; done += batch) {
      std::uint32_t head = memory_.load(RingIndex::kSubmitHead);
      for (std::uint32_t i = 0; i < batch; ++i) {
        memory_.put_submission(head++ % SCHEDRIG_RING_SLOTS, noop(i));
      }
      memory_.store(RingIndex::kSubmitHead, head);
      consume();
      std::uint32_t tail = memory_.load(RingIndex::kCompleteTail);
      const std::uint32_t completed = memory_.load(RingIndex::kCompleteHead);
      for (; tail != completed; ++tail) {
        sum += memory_.completion(tail % SCHEDRIG_RING_SLOTS).user_data;
      }
      memory_.store(RingIndex::kCompleteTail, tail);
    }
  }

 private:
  void consume() {
    std::uint32_t tail = memory_.load(RingIndex::kSubmitTail);
    std::uint32_t completed = memory_.load(RingIndex::kCompleteHead);
    const std::uint32_t head = memory_.load(RingIndex::kSubmitHead);
    for (; tail != head; ++tail) {
      const RingSubmission entry = memory_.submission(tail % SCHEDRIG_RING_SLOTS);
      if ((entry.flags & kRingNeedCompletion) != 0) {
        RingCompletion completion{};
        completion.user_data = entry.user_data;
        memory_.put_completion(completed++ % SCHEDRIG_RING_SLOTS, completion);
      }
    }
    memory_.store(RingIndex::kSubmitTail, tail);
    memory_.store(RingIndex::kCompleteHead, completed);
  }

  std::unique_ptr<RingRegion> region_ = std::make_unique<RingRegion>();
  RingMemory memory_{region_->ring, region_->registers};
};

// Both sides trust each other: entries are used in place, and of a no-op three fields.
class RingInPlace {
 public:
  void turn(std::uint32_t batch) {
    schedrig_ring& ring = region_->ring;
    for (std::uint64_t done = 0; done < kEntries; done += batch) {
      std::uint32_t head = ring.submit_head;
      for (std::uint32_t i = 0; i < batch; ++i) {
        ring.submissions[head++ % SCHEDRIG_RING_SLOTS] = noop(i);
      }
      __atomic_store_n(&ring.submit_head, head, __ATOMIC_RELEASE);
      consume(ring);
      std::uint32_t tail = ring.complete_tail;
      const std::uint32_t completed = __atomic_load_n(&ring.complete_head, __ATOMIC_ACQUIRE);
      for (; tail != completed; ++tail) {
        sum += ring.completions[tail % SCHEDRIG_RING_SLOTS].user_data;
      }
      __atomic_store_n(&ring.complete_tail, tail, __ATOMIC_RELEASE);
    }
  }

 private:
  static void consume(schedrig_ring& ring) {
    std::uint32_t tail = ring.submit_tail;
    std::uint32_t completed = ring.complete_head;
    const std::uint32_t head = __atomic_load_n(&ring.submit_head, __ATOMIC_ACQUIRE);
    for (; tail != head; ++tail) {
      const RingSubmission& entry = ring.submissions[tail % SCHEDRIG_RING_SLOTS];
      if ((entry.flags & kRingNeedCompletion) != 0) {
        RingCompletion& completion = ring.completions[completed++ % SCHEDRIG_RING_SLOTS];
        completion.result = 0;
        completion.user_data = entry.user_data;
        completion.flags = 0;
      }
    }
    __atomic_store_n(&ring.submit_tail, tail, __ATOMIC_RELEASE);
    __atomic_store_n(&ring.complete_head, completed, __ATOMIC_RELEASE);
  }

  std::unique_ptr<RingRegion> region_ = std::make_unique<RingRegion>();
};

#ifdef SCHEDRIG_LIBURING
class IoUring {
 public:
  IoUring() {
    if (const int error = io_uring_queue_init(SCHEDRIG_RING_SLOTS, &ring_, 0); error != 0) {
      errno = -error;
      die("io_uring_queue_init");
    }
  }
  ~IoUring() { io_uring_queue_exit(&ring_); }
  IoUring(const IoUring&) = delete;
  IoUring& operator=(const IoUring&) = delete;

  void turn(std::uint32_t batch) {
    for (std::uint64_t done = 0; done < kEntries; done += batch) {
      for (std::uint32_t i = 0; i < batch; ++i) {
        io_uring_sqe* entry = io_uring_get_sqe(&ring_);
        io_uring_prep_nop(entry);
        entry->user_data = i;
      }
      (void)io_uring_submit_and_wait(&ring_, batch);
      unsigned head = 0;
      unsigned taken = 0;
      io_uring_cqe* completion = nullptr;
      io_uring_for_each_cqe(&ring_, head, completion) {
        sum += completion->user_data;
        ++taken;
      }
      io_uring_cq_advance(&ring_, taken);
    }
  }

 private:
  io_uring ring_{};
};
#endif

// The other side is a process of its own that looks at the ring without pause.
class TwoProcesses {
 public:
  TwoProcesses()
      : region_(new(::mmap(nullptr, sizeof(RingRegion), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0)) RingRegion()),
        producer_(RingMemory(region_->ring, region_->registers)) {
    child_ = ::fork();
    if (child_ < 0) {
      die("fork");
    }
    if (child_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      RingConsumer consumer(RingMemory(region_->ring, region_->registers));
      for (;;) {
        consumer.drain([](const RingSubmission&) { return RingResult{}; });
      }
    }
  }
  ~TwoProcesses() {
    ::kill(child_, SIGKILL);
    (void)::waitpid(child_, nullptr, 0);
    ::munmap(region_, sizeof(RingRegion));
  }
  TwoProcesses(const TwoProcesses&) = delete;
  TwoProcesses& operator=(const TwoProcesses&) = delete;

  void turn(std::uint32_t batch) {
    std::uint64_t put = 0;
    std::uint64_t taken = 0;
    while (taken < kEntries) {
      for (std::uint32_t i = 0; i < batch && put < kEntries; ++i, ++put) {
        if (producer_.put(noop(put)) != RingPut::kDone) {
          break;
        }
      }
      producer_.publish();
      taken += producer_.take_all([](const auto& completion) { sum += completion.user_data; });
    }
  }

 private:
  RingRegion* region_;
  RingProducer<RingMemory> producer_;
  pid_t child_ = 0;
};

// A call into the kernel for each operation, of the cheapest that does something.
class SystemCalls {
 public:
  SystemCalls() : fd_(::eventfd(0, EFD_CLOEXEC)) {
    if (fd_ < 0) {
      die("eventfd");
    }
  }
  ~SystemCalls() { ::close(fd_); }
  SystemCalls(const SystemCalls&) = delete;
  SystemCalls& operator=(const SystemCalls&) = delete;

  void turn(std::uint32_t /*batch*/) {
    for (std::uint64_t done = 0; done < kEntries; ++done) {
      if (::eventfd_write(fd_, 1) != 0) {
        die("eventfd_write");
      }
    }
  }

 private:
  int fd_;
};

struct Subject {
  std::string_view name;
  std::function<void(std::uint32_t)> turn;
  std::uint32_t batch;
  std::vector<double> millions_a_second = {};
};

double median(std::vector<double> figures) {
  std::ranges::sort(figures);
  return figures[figures.size() / 2];
}

void measure(std::vector<Subject>& subjects) {
  for (int turn = 0; turn < kTurns; ++turn) {
    for (Subject& subject : subjects) {
      const auto start = steady_clock::now();
      subject.turn(subject.batch);
      const std::chrono::duration<double> took = steady_clock::now() - start;
      subject.millions_a_second.push_back(static_cast<double>(kEntries) / took.count() / 1e6);
    }
  }
}

} // namespace

int main(int argc, char** argv) {
  const long batch = argc > 1 ? std::strtol(argv[1], nullptr, 10) : SCHEDRIG_RING_SLOTS;
  if (batch < 1 || batch > SCHEDRIG_RING_SLOTS) {
    std::fprintf(stderr, "ring_bench [BATCH]: 1 to 64\n");
    return 2;
  }
  const auto entries = static_cast<std::uint32_t>(batch);
  CheckedRing checked;
  UncheckedRing unchecked;
  RingInPlace in_place;
  SystemCalls calls;
  std::vector<Subject> subjects;
  subjects.push_back({"ring", [&](std::uint32_t n) { checked.turn(n); }, entries});
  subjects.push_back({"ring without checks", [&](std::uint32_t n) { unchecked.turn(n); }, entries});
  subjects.push_back({"ring, used in place", [&](std::uint32_t n) { in_place.turn(n); }, entries});
#ifdef SCHEDRIG_LIBURING
  IoUring io_uring;
  subjects.push_back({"io_uring", [&](std::uint32_t n) { io_uring.turn(n); }, entries});
#endif
  subjects.push_back({"a system call each", [&](std::uint32_t n) { calls.turn(n); }, 1});
  measure(subjects);

  TwoProcesses both;
  std::vector<Subject> apart;
  apart.push_back({"ring, two processes", [&](std::uint32_t n) { both.turn(n); }, entries});
  measure(apart);

  std::printf("no-ops that complete, a batch of %u; median of %d turns of %llu\n", entries, kTurns,
              static_cast<unsigned long long>(kEntries));
  subjects.insert(subjects.end(), apart.begin(), apart.end());
  for (const Subject& subject : subjects) {
    const double median_rate = median(subject.millions_a_second);
    std::printf("%-22s %8.2f million/s  %7.1f ns each\n", std::string(subject.name).c_str(),
                median_rate, 1000 / median_rate);
  }
  return sum == 1 ? 1 : 0; // never: uses what the turns summed up
}
