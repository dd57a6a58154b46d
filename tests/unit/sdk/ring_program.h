/* SPDX-License-Identifier: MIT */
#ifndef RING_PROGRAM_H
#define RING_PROGRAM_H

#include <schedrig/ring.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Attaches and submits `count` no-ops with one doorbell. Returns the first error. */
int put_numbered_entries(void* region, unsigned count);

#ifdef __cplusplus
}
#endif

#endif
