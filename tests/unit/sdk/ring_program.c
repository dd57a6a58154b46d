/* SPDX-License-Identifier: MIT
 * A program's use of schedrig/ring.h, compiled as C11. */
#include "ring_program.h"

int put_numbered_entries(void* region, unsigned count) {
  struct schedrig_ring_producer producer;
  unsigned i;
  int error = schedrig_ring_attach(&producer, region);
  for (i = 0; i < count && error == 0; ++i) {
    struct schedrig_ring_submission entry = {0};
    entry.flags = SCHEDRIG_RING_NEED_COMPLETION;
    entry.user_data = i;
    error = schedrig_ring_put(&producer, &entry);
  }
  schedrig_ring_submit(&producer);
  return error;
}
