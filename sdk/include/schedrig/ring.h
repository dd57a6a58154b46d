/* SPDX-License-Identifier: MIT
 * The submission ring: a program in the machine puts many operations into shared memory and rings
 * once; the host carries them out in order. This file is the layout, for both sides, and the
 * program's side. C11 with the __atomic built-ins of gcc and clang, no library.
 *
 * The region: a page of registers, the ring, a data area for what does not fit into an entry.
 * Little-endian. Indices run freely and wrap at 2^32; the slot is the index modulo 64. Each index
 * has one writer: submit_head and complete_tail the program, the other two the host. An operation
 * that fails does not stop those behind it, unless its entry was a barrier: then what the host had
 * seen of the ring by then completes with -ECANCELED. A program that breaks the rules below finds
 * the ring dead, with a reason. docs/reference/ring.md tells the whole.
 *
 * The environment's SCHEDRIG_RING names the file to map. SCHEDRIG_RING_DOORBELL names one where the
 * doorbell is a write of four bytes, for machines whose CPUs would have to emulate one to memory;
 * without it the doorbell is the register.
 *
 * One program at a time, one thread. Times are milliseconds, errors -errno. With -std=c11 include it
 * first, or define _DEFAULT_SOURCE: flock, mmap and nanosleep are none of C's.
 */
#ifndef SCHEDRIG_RING_H
#define SCHEDRIG_RING_H

/* NOLINTBEGIN: C, not C++ */
#if !defined(__cplusplus) && !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE
#endif

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast" /* C has no other */
#endif

#define SCHEDRIG_RING_MAGIC UINT64_C(0x6769726465686373) /* "schedrig" */
#define SCHEDRIG_RING_VERSION 1U
#define SCHEDRIG_RING_SLOTS 64U
#define SCHEDRIG_RING_PAGE 4096U
#define SCHEDRIG_RING_OFFSET SCHEDRIG_RING_PAGE /* of the ring, which takes two pages */
#define SCHEDRIG_RING_DATA_OFFSET (3U * SCHEDRIG_RING_PAGE)
#define SCHEDRIG_RING_DATA_BYTES (64U * 1024U)
#define SCHEDRIG_RING_REGION_BYTES (SCHEDRIG_RING_DATA_OFFSET + SCHEDRIG_RING_DATA_BYTES)
/* Where schedrig_ring_open maps the region unless something is there. */
#define SCHEDRIG_RING_ADDRESS UINT64_C(0x7FFF00000000)

/* Of the register `state`. */
#define SCHEDRIG_RING_RUNNING 1U
#define SCHEDRIG_RING_DEAD 2U

/* Of the register `reason` of a dead ring. */
#define SCHEDRIG_RING_TOO_MANY_PENDING 1U     /* submit_head is more than 64 ahead of submit_tail */
#define SCHEDRIG_RING_RESERVED_BITS 2U        /* unknown flags, or a reserved field is not zero */
#define SCHEDRIG_RING_TOO_MANY_COMPLETIONS 3U /* complete_tail is not among the last 64 */
#define SCHEDRIG_RING_PRODUCER_GONE 4U        /* the program's end was seen by the host */
#define SCHEDRIG_RING_STOPPED 5U              /* the host serves the ring no more */

/* Flags of a submission, all others are reserved. */
#define SCHEDRIG_RING_NEED_COMPLETION 1U /* complete on success, too */
#define SCHEDRIG_RING_BARRIER 2U         /* start when all before it are done and published */
#define SCHEDRIG_RING_MORE_COMING 4U     /* a hint: look again before you sleep */

/* Flags of a completion. */
#define SCHEDRIG_RING_FAILED 1U /* `result` is -errno; without it any bits are a value */

/* Opcodes with their arguments; arguments that are not named are 0. Places in the data area are
 * offsets from its start. mode: 0 while the machine runs, 1 while all its CPUs stand still. */
#define SCHEDRIG_RING_NOOP 0x0000U      /* result 0 */
#define SCHEDRIG_RING_KERNEL_OP 0x0001U /* request's place, bytes; reply's place, room. result:
                                           bytes of the reply (kernel_wire.hpp) */
#define SCHEDRIG_RING_READ_U32 0x0002U  /* kernel address, mode. result: the value */
#define SCHEDRIG_RING_READ_U64 0x0003U  /* kernel address, mode. result: the value's bits */
#define SCHEDRIG_RING_WRITE_U32 0x0004U /* kernel address, mode, value */
#define SCHEDRIG_RING_WRITE_U64 0x0005U /* kernel address, mode, value */
#define SCHEDRIG_RING_OR_U32 0x0006U    /* kernel address, mode, mask */
#define SCHEDRIG_RING_SNAPSHOT 0x0010U  /* a number, which becomes the tag */
#define SCHEDRIG_RING_SCHED_COMMAND 0x0020U /* command's number, vCPU, and up to three words */

struct schedrig_ring_submission {
  alignas(64) uint16_t opcode;
  uint16_t flags;
  uint32_t reserved; /* 0 */
  uint64_t args[5];
  uint64_t user_data; /* comes back in the completion */
  uint64_t padding;   /* 0 */
};

struct schedrig_ring_completion {
  alignas(16) int64_t result;
  uint64_t user_data;
  uint16_t flags;
  uint16_t reserved[7]; /* 0 */
};

struct schedrig_ring {
  alignas(64) uint32_t submit_head; /* written by the program */
  uint32_t submit_tail;             /* written by the host */
  uint32_t complete_head;           /* written by the host */
  uint32_t complete_tail;           /* written by the program */
  uint8_t padding[48];
  struct schedrig_ring_submission submissions[SCHEDRIG_RING_SLOTS];
  struct schedrig_ring_completion completions[SCHEDRIG_RING_SLOTS];
};

/* Read-only for the program, but the doorbell. */
struct schedrig_ring_registers {
  uint64_t magic;
  uint32_t version;
  uint32_t state;
  uint32_t reason;
  uint32_t slots;
  uint32_t ring_offset; /* offsets are from the region's start */
  uint32_t ring_bytes;
  uint32_t data_offset;
  uint32_t data_bytes;
  uint32_t reserved[6];
  uint32_t doorbell; /* any write */
};

static_assert(sizeof(struct schedrig_ring_submission) == 64, "a cache line");
static_assert(alignof(struct schedrig_ring_submission) == 64, "a cache line");
static_assert(offsetof(struct schedrig_ring_submission, opcode) == 0, "layout");
static_assert(offsetof(struct schedrig_ring_submission, flags) == 2, "layout");
static_assert(offsetof(struct schedrig_ring_submission, reserved) == 4, "layout");
static_assert(offsetof(struct schedrig_ring_submission, args) == 8, "layout");
static_assert(offsetof(struct schedrig_ring_submission, user_data) == 48, "layout");
static_assert(offsetof(struct schedrig_ring_submission, padding) == 56, "layout");
static_assert(sizeof(struct schedrig_ring_completion) == 32, "half a cache line");
static_assert(alignof(struct schedrig_ring_completion) == 16, "layout");
static_assert(offsetof(struct schedrig_ring_completion, result) == 0, "layout");
static_assert(offsetof(struct schedrig_ring_completion, user_data) == 8, "layout");
static_assert(offsetof(struct schedrig_ring_completion, flags) == 16, "layout");
static_assert(offsetof(struct schedrig_ring_completion, reserved) == 18, "layout");
static_assert(offsetof(struct schedrig_ring, submit_head) == 0, "layout");
static_assert(offsetof(struct schedrig_ring, submit_tail) == 4, "layout");
static_assert(offsetof(struct schedrig_ring, complete_head) == 8, "layout");
static_assert(offsetof(struct schedrig_ring, complete_tail) == 12, "layout");
static_assert(offsetof(struct schedrig_ring, padding) == 16, "layout");
static_assert(offsetof(struct schedrig_ring, submissions) == 64, "layout");
static_assert(offsetof(struct schedrig_ring, completions) == 64 + 4096, "layout");
static_assert(sizeof(struct schedrig_ring) == 64 + 4096 + 2048, "two pages hold it");
static_assert(offsetof(struct schedrig_ring_registers, magic) == 0, "layout");
static_assert(offsetof(struct schedrig_ring_registers, version) == 8, "layout");
static_assert(offsetof(struct schedrig_ring_registers, state) == 12, "layout");
static_assert(offsetof(struct schedrig_ring_registers, reason) == 16, "layout");
static_assert(offsetof(struct schedrig_ring_registers, slots) == 20, "layout");
static_assert(offsetof(struct schedrig_ring_registers, ring_offset) == 24, "layout");
static_assert(offsetof(struct schedrig_ring_registers, ring_bytes) == 28, "layout");
static_assert(offsetof(struct schedrig_ring_registers, data_offset) == 32, "layout");
static_assert(offsetof(struct schedrig_ring_registers, data_bytes) == 36, "layout");
static_assert(offsetof(struct schedrig_ring_registers, reserved) == 40, "layout");
static_assert(offsetof(struct schedrig_ring_registers, doorbell) == 64, "layout");

/* --- the program's side ------------------------------------------------------------------------*/

struct schedrig_ring_producer {
  struct schedrig_ring_registers* registers;
  struct schedrig_ring* ring;
  uint8_t* data;          /* SCHEDRIG_RING_DATA_BYTES */
  uint32_t head;          /* of what was put, published or not */
  uint32_t published;     /* what the host knows of it */
  uint32_t submit_tail;   /* as read last */
  uint32_t complete_tail; /* of what was taken */
  int fd;                 /* of schedrig_ring_open, else -1 */
  int doorbell_fd;        /* -1: the register is the doorbell */
};

static inline void schedrig_ring_doorbell(struct schedrig_ring_producer* producer) {
  const uint32_t any = 1;
  if (producer->doorbell_fd < 0) {
    __atomic_store_n(&producer->registers->doorbell, any, __ATOMIC_RELEASE);
  } else {
    /* Fails only where the machine lost its ring: then waits time out. */
    const ssize_t written = pwrite(producer->doorbell_fd, &any, sizeof any, 0);
    (void)written;
  }
}

/* Of a region that is mapped already. What a program before left uncollected is dropped. -EPROTO:
 * there is no ring of this version. -EPIPE: it is dead. -EBUSY: the host still works on the entries
 * of a program before; try again. */
static inline int schedrig_ring_attach(struct schedrig_ring_producer* producer, void* region);
/* The same with a doorbell that is written to, which stays the caller's; -1: the register. */
static inline int schedrig_ring_attach_with(struct schedrig_ring_producer* producer, void* region,
                                            int doorbell_fd) {
  struct schedrig_ring_registers* registers = (struct schedrig_ring_registers*)region;
  if (registers->magic != SCHEDRIG_RING_MAGIC || registers->version != SCHEDRIG_RING_VERSION ||
      registers->slots != SCHEDRIG_RING_SLOTS || registers->ring_offset != SCHEDRIG_RING_OFFSET ||
      registers->ring_bytes != sizeof(struct schedrig_ring) ||
      registers->data_offset != SCHEDRIG_RING_DATA_OFFSET ||
      registers->data_bytes != SCHEDRIG_RING_DATA_BYTES) {
    return -EPROTO;
  }
  if (__atomic_load_n(&registers->state, __ATOMIC_ACQUIRE) != SCHEDRIG_RING_RUNNING) {
    return -EPIPE;
  }
  producer->registers = registers;
  producer->ring = (struct schedrig_ring*)((uint8_t*)region + SCHEDRIG_RING_OFFSET);
  producer->data = (uint8_t*)region + SCHEDRIG_RING_DATA_OFFSET;
  producer->head = __atomic_load_n(&producer->ring->submit_head, __ATOMIC_RELAXED);
  producer->published = producer->head;
  producer->submit_tail = __atomic_load_n(&producer->ring->submit_tail, __ATOMIC_ACQUIRE);
  producer->complete_tail = __atomic_load_n(&producer->ring->complete_head, __ATOMIC_ACQUIRE);
  producer->fd = -1;
  producer->doorbell_fd = doorbell_fd;
  __atomic_store_n(&producer->ring->complete_tail, producer->complete_tail, __ATOMIC_RELEASE);
  if (producer->submit_tail != producer->head) {
    schedrig_ring_doorbell(producer); /* the host may have waited for room */
    return -EBUSY;
  }
  return 0;
}

static inline int schedrig_ring_attach(struct schedrig_ring_producer* producer, void* region) {
  return schedrig_ring_attach_with(producer, region, -1);
}

/* Attaches to the ring that the environment's SCHEDRIG_RING names, a file, for up to timeout_ms.
 * -ENOENT: the machine has none. -EBUSY: another program has it. Else as open, mmap and
 * schedrig_ring_attach. To be closed by the caller. */
static inline int schedrig_ring_open(struct schedrig_ring_producer* producer, unsigned timeout_ms);
static inline void schedrig_ring_close(struct schedrig_ring_producer* producer);

/* Puts an entry; the host does not see it before schedrig_ring_submit. -EAGAIN: 64 are pending.
 * -EPROTO: the host's index makes no sense. */
static inline int schedrig_ring_put(struct schedrig_ring_producer* producer,
                                    const struct schedrig_ring_submission* entry) {
  struct schedrig_ring_submission* slot =
      &producer->ring->submissions[producer->head % SCHEDRIG_RING_SLOTS];
  if (producer->head - producer->submit_tail >= SCHEDRIG_RING_SLOTS) {
    producer->submit_tail = __atomic_load_n(&producer->ring->submit_tail, __ATOMIC_ACQUIRE);
    if (producer->head - producer->submit_tail > SCHEDRIG_RING_SLOTS) {
      return -EPROTO;
    }
    if (producer->head - producer->submit_tail == SCHEDRIG_RING_SLOTS) {
      return -EAGAIN;
    }
  }
  memcpy(slot, entry, sizeof *slot);
  ++producer->head;
  return 0;
}

/* Shows the host what was put, and rings. */
static inline void schedrig_ring_submit(struct schedrig_ring_producer* producer) {
  if (producer->head != producer->published) {
    producer->published = producer->head;
    __atomic_store_n(&producer->ring->submit_head, producer->head, __ATOMIC_RELEASE);
    schedrig_ring_doorbell(producer);
  }
}

/* The next completion. -EAGAIN: none is there. -EPROTO: the host's index makes no sense. */
static inline int schedrig_ring_take(struct schedrig_ring_producer* producer,
                                     struct schedrig_ring_completion* completion) {
  const uint32_t head = __atomic_load_n(&producer->ring->complete_head, __ATOMIC_ACQUIRE);
  if (head == producer->complete_tail) {
    return -EAGAIN;
  }
  if (head - producer->complete_tail > SCHEDRIG_RING_SLOTS) {
    return -EPROTO;
  }
  memcpy(completion, &producer->ring->completions[producer->complete_tail % SCHEDRIG_RING_SLOTS],
         sizeof *completion);
  ++producer->complete_tail;
  __atomic_store_n(&producer->ring->complete_tail, producer->complete_tail, __ATOMIC_RELEASE);
  return 0;
}

/* Sleeps 50 us, which is no more than a freeze window takes. Milliseconds of a clock that no one
 * sets. */
static inline uint64_t schedrig_ring_pause(void) {
  const struct timespec pause = {0, 50000};
  struct timespec now;
  (void)nanosleep(&pause, NULL);
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U;
}

/* As schedrig_ring_take, but waits. -ETIMEDOUT: none came in time; the host may be gone. -EPIPE: the
 * ring is dead, its register `reason` says why, and all that completed has been taken. */
static inline int schedrig_ring_wait(struct schedrig_ring_producer* producer,
                                     struct schedrig_ring_completion* completion,
                                     unsigned timeout_ms) {
  uint64_t start = 0;
  for (;;) {
    /* Before the look at the completions: what a ring completed before it died is not lost. */
    const uint32_t state = __atomic_load_n(&producer->registers->state, __ATOMIC_ACQUIRE);
    const int taken = schedrig_ring_take(producer, completion);
    uint64_t now;
    if (taken != -EAGAIN) {
      return taken;
    }
    if (state != SCHEDRIG_RING_RUNNING) {
      return -EPIPE;
    }
    now = schedrig_ring_pause();
    start = start == 0 ? now : start;
    if (now - start >= timeout_ms) {
      return -ETIMEDOUT;
    }
  }
}

static inline void schedrig_ring_close(struct schedrig_ring_producer* producer) {
  if (producer->fd >= 0) {
    (void)munmap(producer->registers, SCHEDRIG_RING_REGION_BYTES);
    (void)close(producer->fd);
    producer->fd = -1;
    if (producer->doorbell_fd >= 0) {
      (void)close(producer->doorbell_fd);
      producer->doorbell_fd = -1;
    }
  }
}

static inline void* schedrig_ring_map(int fd) {
#ifdef MAP_FIXED_NOREPLACE
  void* wanted = mmap((void*)(uintptr_t)SCHEDRIG_RING_ADDRESS, SCHEDRIG_RING_REGION_BYTES,
                      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);
  if (wanted != MAP_FAILED) {
    return wanted;
  }
#endif
  return mmap(NULL, SCHEDRIG_RING_REGION_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

static inline int schedrig_ring_open(struct schedrig_ring_producer* producer, unsigned timeout_ms) {
  const char* path = getenv("SCHEDRIG_RING");
  const char* doorbell = getenv("SCHEDRIG_RING_DOORBELL");
  uint64_t start = 0;
  uint64_t now;
  void* region;
  int attached;
  int fd;
  int doorbell_fd = -1;
  if (path == NULL) {
    return -ENOENT;
  }
  fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    return -errno;
  }
  region = flock(fd, LOCK_EX | LOCK_NB) == 0 ? schedrig_ring_map(fd) : MAP_FAILED;
  if (region == MAP_FAILED) {
    const int error = errno;
    (void)close(fd);
    return error == EWOULDBLOCK ? -EBUSY : -error;
  }
  if (doorbell != NULL) {
    doorbell_fd = open(doorbell, O_WRONLY | O_CLOEXEC);
    if (doorbell_fd < 0) {
      const int error = errno;
      (void)munmap(region, SCHEDRIG_RING_REGION_BYTES);
      (void)close(fd);
      return -error;
    }
  }
  while ((attached = schedrig_ring_attach_with(producer, region, doorbell_fd)) == -EBUSY) {
    now = schedrig_ring_pause();
    start = start == 0 ? now : start;
    if (now - start >= timeout_ms) {
      break;
    }
  }
  if (attached != 0) {
    (void)munmap(region, SCHEDRIG_RING_REGION_BYTES);
    (void)close(fd);
    if (doorbell_fd >= 0) {
      (void)close(doorbell_fd);
    }
    return attached;
  }
  producer->fd = fd;
  return 0;
}

#ifdef __cplusplus
#pragma GCC diagnostic pop
#endif
/* NOLINTEND */

#endif
