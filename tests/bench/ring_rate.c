/* SPDX-License-Identifier: MIT
 * Guest to host: no-ops a second through the machine's submission ring, 64 by one doorbell, beside
 * operations that leave the guest one by one (a read of the doorbell's port, which the VMM answers).
 * In turns, in one run; prints "ring_per_s: N", "exit_per_s: N" and "ratio_percent: N", each a median.
 * Looks for completions without pause: what is measured is the ring, not a sleep. */
#define _DEFAULT_SOURCE /* ring.h needs more than C11 has */

#include <stdio.h>
#include <stdlib.h>

#include <schedrig/ring.h>

#define TURNS 9
#define BATCHES 50U /* of a turn */
#define EXITS 400U  /* of a turn */
#define BATCH SCHEDRIG_RING_SLOTS
#define TIMEOUT_MS 60000U /* an emulated host needs milliseconds for a batch */

static uint64_t now_ns(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static int take_without_pause(struct schedrig_ring_producer* producer) {
  struct schedrig_ring_completion completion;
  const uint64_t start = now_ns();
  int taken;
  while ((taken = schedrig_ring_take(producer, &completion)) == -EAGAIN) {
    if ((now_ns() - start) / 1000000U >= TIMEOUT_MS) {
      return -ETIMEDOUT;
    }
  }
  return taken != 0 ? taken : (int)completion.result;
}

/* Operations a second, or -errno. */
static int64_t ring_turn(struct schedrig_ring_producer* producer) {
  const uint64_t start = now_ns();
  for (unsigned batch = 0; batch < BATCHES; ++batch) {
    struct schedrig_ring_submission entry = {.flags = SCHEDRIG_RING_NEED_COMPLETION};
    for (unsigned i = 0; i < BATCH; ++i) {
      const int put = schedrig_ring_put(producer, &entry);
      if (put != 0) {
        return put;
      }
    }
    schedrig_ring_submit(producer);
    for (unsigned i = 0; i < BATCH; ++i) {
      const int result = take_without_pause(producer);
      if (result != 0) {
        return result;
      }
    }
  }
  return (int64_t)(UINT64_C(1000000000) * BATCHES * BATCH / (now_ns() - start));
}

static int64_t exit_turn(int port) {
  const uint64_t start = now_ns();
  for (unsigned i = 0; i < EXITS; ++i) {
    uint32_t value;
    if (pread(port, &value, sizeof value, 0) != sizeof value) {
      return -errno;
    }
  }
  return (int64_t)(UINT64_C(1000000000) * EXITS / (now_ns() - start));
}

static int ascending(const void* left, const void* right) {
  const int64_t a = *(const int64_t*)left;
  const int64_t b = *(const int64_t*)right;
  return (a > b) - (a < b);
}

static int64_t median(int64_t* figures) {
  qsort(figures, TURNS, sizeof *figures, ascending);
  return figures[0] < 0 ? figures[0] : figures[TURNS / 2];
}

int main(void) {
  struct schedrig_ring_producer producer = {0};
  const char* doorbell = getenv("SCHEDRIG_RING_DOORBELL");
  int64_t ring[TURNS];
  int64_t exits[TURNS];
  const int opened = schedrig_ring_open(&producer, TIMEOUT_MS);
  const int port = doorbell == NULL ? -1 : open(doorbell, O_RDONLY | O_CLOEXEC);
  if (opened != 0 || port < 0) {
    fprintf(stderr, "no ring, or no port to ring it: %s\n", strerror(opened != 0 ? -opened : errno));
    return 1;
  }
  for (int turn = 0; turn < TURNS; ++turn) {
    ring[turn] = ring_turn(&producer);
    exits[turn] = exit_turn(port);
  }
  schedrig_ring_close(&producer);
  (void)close(port);
  const int64_t ring_rate = median(ring);
  const int64_t exit_rate = median(exits);
  if (ring_rate <= 0 || exit_rate <= 0) {
    fprintf(stderr, "ring: %lld, exits: %lld\n", (long long)ring_rate, (long long)exit_rate);
    return 1;
  }
  printf("ring_per_s: %lld\nexit_per_s: %lld\nratio_percent: %lld\n", (long long)ring_rate,
         (long long)exit_rate, (long long)(100 * ring_rate / exit_rate));
  return 0;
}
