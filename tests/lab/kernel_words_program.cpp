// SPDX-License-Identifier: MIT
// A payload that judges kernel ops from inside the guest. It asks the host for them, on words of
// its own page, which the kernel's direct map has, too:
//
//   torn N      has 64 words rewritten by N cold batches, ascending, while two threads read them in
//               that order and in the other: "torn: COUNT" of words that were older than one before
//   or N        counts up N times in the upper 24 bits of a word whose lower bits the host sets:
//               "lost: COUNT" of either side's, "ors: COUNT" of the host's
//   writes N T  has the kernel write panic_on_warn N times, from T threads on as many CPUs
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <schedrig/guest_request.h>
#include <schedrig/kernel_wire.hpp>

namespace {

using namespace schedrig;

constexpr std::size_t kPage = 4096;
constexpr std::size_t kWords = 64;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

class Host {
 public:
  Host() : fd_(schedrig_requests_open(120'000)) {
    if (fd_ < 0) {
      give_up(std::string("no host that takes requests: ") + std::strerror(-fd_));
    }
  }
  ~Host() { close(fd_); }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  KernelReply ask(const KernelRequest& request) const {
    std::vector<std::uint8_t> body;
    std::vector<std::uint8_t> answer(SCHEDRIG_REQUEST_MAX_BYTES);
    if (!encode(request, body).ok()) {
      give_up("the request does not fit");
    }
    std::size_t bytes = 0;
    const int status = schedrig_request(fd_, SCHEDRIG_REQUEST_KERNEL_OP, body.data(), body.size(),
                                        answer.data(), answer.size(), &bytes);
    if (status != 0) {
      give_up(std::string(answer.begin(), answer.begin() + static_cast<std::ptrdiff_t>(bytes)) +
              ": " + std::strerror(-status));
    }
    KernelReply reply;
    if (!decode({answer.data(), bytes}, &reply).ok()) {
      give_up("the reply is none");
    }
    return reply;
  }

 private:
  int fd_;
};

// What is added to a request, to be filled in place.
template <class Target, class Value> std::pair<Target&, Value&> add(KernelRequest& request) {
  KernelWrite& entry = request.entries.emplace_back();
  return {entry.target.template emplace<Target>(), entry.value.template emplace<Value>()};
}

// A page of this program by the kernel's own address of it.
struct SharedPage {
  volatile std::uint64_t* words = nullptr;
  std::uint64_t direct = 0;
};

SharedPage share_page(const Host& host) {
  void* page = mmap(nullptr, kPage, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
  const int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  std::uint64_t entry = 0;
  const auto at = static_cast<off_t>(reinterpret_cast<std::uintptr_t>(page) / kPage * sizeof entry);
  // Documentation/admin-guide/mm/pagemap.rst: bits 0-54 are the frame, 63: present.
  if (page == MAP_FAILED || pread(pagemap, &entry, sizeof entry, at) != sizeof entry ||
      entry >> 63U == 0) {
    give_up("the page's place is not known");
  }
  close(pagemap);
  KernelRequest request;
  request.access = KernelAccess::kRead;
  add<SymbolTarget, U64Value>(request).first.name = "page_offset_base";
  const KernelReply base = host.ask(request);
  const std::uint64_t frame = entry & ((std::uint64_t{1} << 55U) - 1);
  return {.words = static_cast<volatile std::uint64_t*>(page),
          .direct = std::get<U64Value>(base.values.at(0)).value + frame * kPage};
}

// Reads all in one order until told to stop; a word that is older than the one before was left out
// by a batch that had not ended.
std::uint64_t count_torn(const SharedPage& page, bool ascending, const std::atomic<bool>& stop) {
  std::uint64_t torn = 0;
  while (!stop) {
    std::uint64_t newest = 0;
    for (std::size_t i = 0; i < kWords; ++i) {
      const std::uint64_t word = page.words[ascending ? i : kWords - 1 - i];
      torn += word < newest ? 1 : 0;
      newest = word;
    }
  }
  return torn;
}

void judge_batches(std::uint64_t batches) {
  const Host host;
  const SharedPage page = share_page(host);
  std::atomic<bool> stop = false;
  std::array<std::uint64_t, 2> torn{};
  std::thread up([&] { torn[0] = count_torn(page, true, stop); });
  std::thread down([&] { torn[1] = count_torn(page, false, stop); });
  for (std::uint64_t batch = 1; batch <= batches; ++batch) {
    KernelRequest request;
    request.mode = KernelAccessMode::kCold;
    for (std::size_t i = 0; i < kWords; ++i) {
      const auto [target, value] = add<DirectTarget, U64Value>(request);
      target.address = page.direct + i * sizeof(std::uint64_t);
      value.value = batch;
    }
    (void)host.ask(request);
  }
  stop = true;
  up.join();
  down.join();
  std::uint64_t missing = 0;
  for (std::size_t i = 0; i < kWords; ++i) {
    missing += page.words[i] == batches ? 0 : 1;
  }
  std::printf("torn: %llu\nmissing: %llu\n", static_cast<unsigned long long>(torn[0] + torn[1]),
              static_cast<unsigned long long>(missing));
}

void judge_or(std::uint64_t increments) {
  constexpr std::uint32_t kOne = 0x100;
  constexpr std::uint32_t kHosts = 0xff;
  const Host host;
  const SharedPage page = share_page(host);
  std::atomic_ref<std::uint32_t> word(
      *reinterpret_cast<std::uint32_t*>(const_cast<std::uint64_t*>(page.words)));
  std::atomic<bool> done = false;
  std::uint64_t lost = 0;
  std::atomic<std::uint64_t> ors = 0;
  std::thread asks([&] {
    for (; !done; ++ors) {
      const std::uint32_t bit = 1U << (ors % 8);
      KernelRequest request;
      const auto [target, value] = add<DirectTarget, OrU32Value>(request);
      target.address = page.direct;
      value.mask = bit;
      (void)host.ask(request);
      lost += (word.fetch_and(~bit) & bit) == 0 ? 1 : 0;
    }
  });
  for (std::uint64_t i = 0; i < increments; ++i) {
    word.fetch_add(kOne);
  }
  // As long as the host has hardly begun, there was nothing to lose.
  std::uint64_t more = 0;
  for (; ors < 100; ++more) {
    word.fetch_add(kOne);
  }
  done = true;
  asks.join();
  const std::uint64_t counted = (word & ~kHosts) / kOne;
  const std::uint64_t expected = (increments + more) & 0xffffffU;
  lost += counted == expected ? 0 : 1;
  std::printf("lost: %llu\nors: %llu\n", static_cast<unsigned long long>(lost),
              static_cast<unsigned long long>(ors.load()));
}

void write_word(std::uint64_t writes, int cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<std::size_t>(cpu), &cpus);
  const int fd = open("/proc/sys/kernel/panic_on_warn", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || sched_setaffinity(0, sizeof cpus, &cpus) != 0) {
    give_up("cannot write from CPU " + std::to_string(cpu));
  }
  for (std::uint64_t i = 0; i < writes; ++i) {
    if (pwrite(fd, i % 2 == 0 ? "0" : "1", 1, 0) != 1) {
      give_up("a write failed");
    }
  }
  close(fd);
}

void have_written(std::uint64_t writes, int threads) {
  std::vector<std::thread> all;
  for (int cpu = 0; cpu < threads; ++cpu) {
    all.emplace_back([=] { write_word(writes / static_cast<std::uint64_t>(threads), cpu); });
  }
  for (std::thread& each : all) {
    each.join();
  }
  std::printf("good: 1\n");
}

} // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 2 ? argv[1] : "";
  const std::uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  if (what == "torn") {
    judge_batches(count);
  } else if (what == "or") {
    judge_or(count);
  } else if (what == "writes" && argc > 3) {
    have_written(count, std::atoi(argv[3]));
  } else {
    give_up("torn N, or N, writes N THREADS");
  }
  return 0;
}
