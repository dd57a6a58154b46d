/* SPDX-License-Identifier: MIT
 * Times loads of memory that the guest's kernel was told to leave alone (memmap=, see
 * configs/kvm/uncached_loads.toml): by a write-back mapping, then by an uncached one. Prints
 * "cached_ps: N" and "uncached_ps: N", picoseconds of a load, and "ratio_percent: N".
 *
 * A CPU that honours the guest's memory type takes some 100 ns for an uncached load and some 1 ns for
 * one that hits its first cache. Where the type does not count, and where a CPU is emulated, both are
 * the same. /dev/mem maps what is no RAM to the kernel write-back, and uncached with O_SYNC
 * (arch/x86/mm/pat/memtype.c, phys_mem_access_prot_allowed, of Linux 6.12).
 *
 *   cc -std=c11 -O2 -o configs/programs/uncached_loads configs/programs/uncached_loads.c
 *   uncached_loads ADDRESS     (physical, of a whole page) */
#define _DEFAULT_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define BYTES 4096U /* one page: in every CPU's first cache */
#define LINE 64U
#define LOADS 100000U /* 10 ms of uncached ones */
#define TURNS 9

static uint64_t now_ns(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* Each line holds the place of the next one, so that no load starts before the one before is over. */
static uint64_t picoseconds_of_a_load(volatile uint8_t* page) {
  uint64_t best = UINT64_MAX;
  for (unsigned line = 0; line < BYTES / LINE; ++line) {
    *(volatile uint32_t*)(page + (size_t)line * LINE) = (line + 1) % (BYTES / LINE) * LINE;
  }
  for (int turn = 0; turn < TURNS; ++turn) {
    const uint64_t start = now_ns();
    uint32_t place = 0;
    uint64_t took;
    for (unsigned load = 0; load < LOADS; ++load) {
      place = *(volatile uint32_t*)(page + place);
    }
    took = (now_ns() - start) * 1000U / LOADS;
    if (place >= BYTES) {
      return 0; /* somebody else writes there */
    }
    best = took < best ? took : best;
  }
  return best;
}

/* 0: it could not be measured, and standard error says why. */
static uint64_t measure(off_t address, int flags) {
  const int fd = open("/dev/mem", O_RDWR | O_CLOEXEC | flags);
  void* page = MAP_FAILED;
  uint64_t picoseconds = 0;
  if (fd >= 0) {
    page = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, address);
  }
  if (page == MAP_FAILED) {
    fprintf(stderr, "map %s of /dev/mem at 0x%llx: %s; memmap= must leave it out of the kernel's RAM\n",
            flags == 0 ? "a page" : "an uncached page", (unsigned long long)address, strerror(errno));
  } else {
    picoseconds = picoseconds_of_a_load((volatile uint8_t*)page);
    if (picoseconds == 0) {
      fprintf(stderr, "the page at 0x%llx is in use\n", (unsigned long long)address);
    }
    (void)munmap(page, BYTES);
  }
  if (fd >= 0) {
    (void)close(fd);
  }
  return picoseconds;
}

int main(int argc, char** argv) {
  char* end = NULL;
  const long long address = argc == 2 ? strtoll(argv[1], &end, 0) : -1;
  uint64_t cached;
  uint64_t uncached;
  if (address < 0 || end == argv[1] || *end != '\0' || address % BYTES != 0) {
    fprintf(stderr, "usage: uncached_loads ADDRESS, physical, of a whole page\n");
    return 2;
  }
  cached = measure((off_t)address, 0);
  uncached = cached == 0 ? 0 : measure((off_t)address, O_SYNC);
  if (cached == 0 || uncached == 0) {
    return 1;
  }
  printf("cached_ps: %llu\nuncached_ps: %llu\nratio_percent: %llu\n", (unsigned long long)cached,
         (unsigned long long)uncached, (unsigned long long)(100U * uncached / cached));
  return 0;
}
