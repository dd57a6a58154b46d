// SPDX-License-Identifier: MIT
// vmm_boot: boots one guest with the VMM alone and prints its console, topology, boot phases and
// exits. For people; the tests use the same fixture.
//
// vmm_boot KERNEL INIT [-t 1n2l4c2t] [-m MIB] [-a EXTRA] [-v intel|amd] [-s SECONDS] [COMMAND...]
// INIT is a static program that becomes /init; COMMANDs go to it over the control port.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include <unistd.h>

#include "guest_fixture.hpp"
#include "vmm/boot/kernel_image.hpp"
#include "vmm/mapped_file.hpp"

namespace {

using namespace schedrig;
using namespace schedrig::kvm;

int usage() {
  std::cerr << "usage: vmm_boot KERNEL INIT [-t NnNlNcNt] [-m MIB] [-a EXTRA] [-v intel|amd] "
               "[-s SECONDS] [COMMAND...]\n";
  return 2;
}

int report(const Error& error) {
  std::cerr << "vmm_boot: " << error.message << "\n";
  return 1;
}

void print_figures(const Vm& vm) {
  const auto ms = [](std::int64_t ns) { return ns < 0 ? -1 : ns / 1000000; };
  const BootPhases phases = vm.phases();
  std::cout << "phases: entry " << ms(phases.entry_ns) << " ms, first exit "
            << ms(phases.first_exit_ns) << " ms, first console byte " << ms(phases.first_console_ns)
            << " ms, control port open " << ms(phases.control_open_ns) << " ms\nexits:";
  const ExitCounts counts = vm.exits();
  for (std::size_t i = 0; i < kExitKinds; ++i) {
    if (counts[i] != 0) {
      std::cout << " " << kExitNames[i] << " " << counts[i];
    }
  }
  std::cout << "\n" << std::flush;
}

} // namespace

int main(int argc, char** argv) {
  VmConfig config;
  unsigned nodes = 1;
  unsigned llcs = 1;
  unsigned cores = 1;
  unsigned threads = 1;
  long seconds = 60;
  for (int option = 0; (option = ::getopt(argc, argv, "t:m:a:v:s:")) != -1;) {
    switch (option) {
    case 't':
      if (std::sscanf(optarg, "%un%ul%uc%ut", &nodes, &llcs, &cores, &threads) != 4) {
        return usage();
      }
      break;
    case 'm':
      config.memory_bytes = std::strtoull(optarg, nullptr, 10) << 20;
      break;
    case 'a':
      config.extra_command_line = optarg;
      break;
    case 'v':
      config.vendor = std::string_view(optarg) == "intel" ? CpuVendor::kIntel : CpuVendor::kAmd;
      break;
    case 's':
      seconds = std::strtol(optarg, nullptr, 10);
      break;
    default:
      return usage();
    }
  }
  if (argc - optind < 2) {
    return usage();
  }
  const auto init = MappedFile::open(argv[optind + 1], kMaxImageBytes);
  if (!init) {
    return report(init.error());
  }
  const std::vector<std::byte> initramfs = test::initramfs_of(init->bytes());
  const Topology topology = Topology::uniform(nodes, llcs, cores, threads);
  config.kernel_path = argv[optind];
  config.initramfs = initramfs;
  config.topology = topology.view();

  test::RecordingSink sink(true);
  const auto vm = Vm::create(config, sink);
  if (!vm) {
    return report(vm.error());
  }
  std::cout << "kernel: " << (*vm)->kernel_version() << "\ncommand line: " << (*vm)->command_line()
            << "\n"
            << std::flush;
  if (const auto started = (*vm)->start(); !started) {
    return report(started.error());
  }
  const std::chrono::seconds timeout(seconds);
  int code = 1;
  if (const auto ready = sink.next_line(timeout); ready) {
    code = 0;
    std::cout << "control: " << *ready << "\n" << std::flush;
    print_figures(**vm);
    for (int i = optind + 2; i < argc; ++i) {
      const std::string line = std::string(argv[i]) + "\n";
      if (const auto sent = (*vm)->send(std::as_bytes(std::span(line)), timeout); !sent) {
        return report(sent.error());
      }
      const std::string answer = sink.next_line(timeout).value_or("(no answer)");
      std::cout << "control: " << answer.substr(0, 4096) << "\n" << std::flush;
    }
  } else {
    std::cout << "no word from the guest" << "\n" << std::flush;
  }
  if (const auto end = sink.wait_end(std::chrono::milliseconds(0)); end) {
    std::cout << "end: " << end->detail << "\n" << std::flush;
  }
  std::cout << sink.notices();
  const auto stopped = (*vm)->stop();
  print_figures(**vm);
  return stopped ? code : report(stopped.error());
}
