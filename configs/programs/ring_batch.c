/* SPDX-License-Identifier: MIT
 * Puts 64 operations of all kinds into the machine's submission ring, rings once, and checks what
 * it finds by itself: the kernel's panic_timeout is what /proc/sys/kernel/panic shows. Prints
 * "completed: N" and "wrong: N". With the argument "die" it leaves 40 completions uncollected and
 * is killed in the middle of an entry.
 *
 *   cc -std=c11 -O2 -I sdk/include -o configs/programs/ring_batch configs/programs/ring_batch.c */
#define _DEFAULT_SOURCE /* ring.h needs more than C11 has */

#include <signal.h>
#include <stdio.h>

#include <schedrig/ring.h>

#define ENTRIES SCHEDRIG_RING_SLOTS
/* The host answers while its run waits; an emulated one needs seconds for a freeze window. */
#define TIMEOUT_MS 120000U
#define REPLY_AT 4096U /* in the data area, behind the requests */
#define MESSAGE_ROOM 64U

enum kind { NOOP, BANNER, WRITE, READ, OR, READ_COLD, SYMBOL, UNMAPPED, KINDS };

struct expected {
  int64_t result;
  int fails; /* with any errno */
};

static uint64_t symbol_address(const char* name) {
  char line[512];
  char found[256];
  unsigned long long address = 0;
  FILE* file = fopen("/proc/kallsyms", "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    unsigned long long at;
    if (sscanf(line, "%llx %*c %255s", &at, found) == 2 && strcmp(found, name) == 0) {
      address = at;
      break;
    }
  }
  if (file != NULL) {
    fclose(file);
  }
  return address;
}

static long panic_setting(const char* write) {
  long value = -1;
  FILE* file = fopen("/proc/sys/kernel/panic", write == NULL ? "r" : "w");
  if (file == NULL) {
    return -1;
  }
  if (write != NULL) {
    fputs(write, file);
  } else if (fscanf(file, "%ld", &value) != 1) {
    value = -1;
  }
  fclose(file);
  return value;
}

/* A kernel request that reads eight bytes of a symbol (kernel_wire.hpp); how long it is. */
static uint32_t put_request(uint8_t* at, uint32_t id, const char* symbol) {
  const uint16_t name_bytes = (uint16_t)strlen(symbol);
  const uint16_t count = 1;
  const uint32_t value_bytes = 8;
  uint8_t* to = at;
  memset(at, 0, MESSAGE_ROOM);
  memcpy(to, &id, sizeof id);
  to[5] = 1; /* hot, a read */
  memcpy(to + 6, &count, sizeof count);
  to += 10; /* no tag; the target is a symbol: 0 */
  memcpy(to + 1, &name_bytes, sizeof name_bytes);
  memcpy(to + 3, symbol, name_bytes);
  to += 3 + name_bytes;
  to[0] = 1; /* u64 */
  memcpy(to + 4, &value_bytes, sizeof value_bytes);
  return (uint32_t)(to + 8 + value_bytes - at);
}

/* The value in the reply, or 0. */
static uint64_t value_in(const uint8_t* reply, uint32_t id, int64_t bytes) {
  uint32_t head[3]; /* id, status, failed entry */
  uint16_t reason_bytes;
  uint64_t value;
  memcpy(head, reply, sizeof head);
  memcpy(&reason_bytes, reply + sizeof head, sizeof reason_bytes);
  if (bytes != 32 || head[0] != id || head[1] != 0 || reason_bytes != 0) {
    return 0;
  }
  memcpy(&value, reply + 24, sizeof value);
  return value;
}

static void fill(struct schedrig_ring_producer* ring, struct schedrig_ring_submission* entry,
                 uint32_t index, struct expected* expected, uint64_t panic, uint64_t banner) {
  static uint64_t setting;
  const uint32_t at = index * MESSAGE_ROOM;
  memset(entry, 0, sizeof *entry);
  entry->flags = SCHEDRIG_RING_NEED_COMPLETION;
  entry->user_data = index;
  entry->args[0] = panic;
  expected->fails = 0;
  expected->result = 0;
  switch ((enum kind)(index % KINDS)) {
  case NOOP:
    entry->opcode = SCHEDRIG_RING_NOOP;
    entry->args[0] = 0;
    break;
  case BANNER:
    entry->opcode = SCHEDRIG_RING_READ_U64;
    entry->args[0] = banner;
    memcpy(&expected->result, "Linux ve", sizeof expected->result);
    break;
  case WRITE:
    entry->opcode = SCHEDRIG_RING_WRITE_U32;
    entry->args[2] = setting = index + 1U;
    break;
  case READ:
    entry->opcode = SCHEDRIG_RING_READ_U32;
    expected->result = (int64_t)setting;
    break;
  case OR:
    entry->opcode = SCHEDRIG_RING_OR_U32;
    entry->args[2] = 0x400;
    setting |= 0x400;
    break;
  case READ_COLD:
    entry->opcode = SCHEDRIG_RING_READ_U32;
    entry->args[1] = index == READ_COLD ? 1 : 0; /* the first of them while all CPUs stand still */
    expected->result = (int64_t)setting;
    break;
  case SYMBOL:
    entry->opcode = SCHEDRIG_RING_KERNEL_OP;
    entry->args[0] = at;
    entry->args[1] = put_request(ring->data + at, index, "jiffies_64");
    entry->args[2] = REPLY_AT + at;
    entry->args[3] = MESSAGE_ROOM;
    expected->result = 32; /* the reply's bytes */
    break;
  default:
    entry->opcode = SCHEDRIG_RING_READ_U64;
    entry->args[0] = 0xffff000000000000U; /* no kernel has anything there */
    expected->fails = 1;
    break;
  }
}

static int batch(struct schedrig_ring_producer* ring) {
  struct expected expected[ENTRIES];
  const uint64_t panic = symbol_address("panic_timeout");
  const uint64_t banner = symbol_address("linux_banner");
  uint64_t jiffies = 0;
  unsigned completed = 0;
  unsigned wrong = 0;
  uint32_t i;
  if (panic == 0 || banner == 0) {
    fprintf(stderr, "/proc/kallsyms does not say where panic_timeout and linux_banner are\n");
    return 1;
  }
  for (i = 0; i < ENTRIES; ++i) {
    struct schedrig_ring_submission entry;
    fill(ring, &entry, i, &expected[i], panic, banner);
    wrong += schedrig_ring_put(ring, &entry) == 0 ? 0U : 1U;
  }
  schedrig_ring_submit(ring); /* one doorbell for all */
  for (i = 0; i < ENTRIES; ++i) {
    struct schedrig_ring_completion done;
    int good;
    const int waited = schedrig_ring_wait(ring, &done, TIMEOUT_MS);
    if (waited != 0) {
      fprintf(stderr, "no completion %u: %s\n", i, strerror(-waited));
      break;
    }
    ++completed;
    good = done.user_data == i &&
           ((done.flags & SCHEDRIG_RING_FAILED) != 0) == (expected[i].fails != 0) &&
           (expected[i].fails ? done.result < 0 : done.result == expected[i].result);
    if (good && i % KINDS == SYMBOL) {
      const uint64_t now = value_in(ring->data + REPLY_AT + i * MESSAGE_ROOM, i, done.result);
      good = now != 0 && now >= jiffies; /* one after another */
      jiffies = now;
    }
    if (!good) {
      fprintf(stderr, "entry %u: result %lld, flags %u; expected %lld\n", i, (long long)done.result,
              (unsigned)done.flags, (long long)expected[i].result);
      ++wrong;
    }
  }
  /* The last that was written, as the kernel itself has it. */
  if (panic_setting(NULL) != ((ENTRIES - KINDS + WRITE + 1) | 0x400)) {
    fprintf(stderr, "/proc/sys/kernel/panic says %ld\n", panic_setting(NULL));
    ++wrong;
  }
  (void)panic_setting("0");
  printf("completed: %u\nwrong: %u\n", completed, wrong);
  return wrong == 0 && completed == ENTRIES ? 0 : 1;
}

static int die(struct schedrig_ring_producer* ring) {
  struct schedrig_ring_submission noop;
  const uint64_t start = schedrig_ring_pause();
  uint32_t i;
  memset(&noop, 0, sizeof noop);
  noop.flags = SCHEDRIG_RING_NEED_COMPLETION;
  for (i = 0; i < 40; ++i) {
    (void)schedrig_ring_put(ring, &noop);
  }
  schedrig_ring_submit(ring);
  while (__atomic_load_n(&ring->ring->submit_tail, __ATOMIC_ACQUIRE) != ring->head) {
    if (schedrig_ring_pause() - start >= TIMEOUT_MS) {
      fprintf(stderr, "the host does not answer\n");
      return 1;
    }
  }
  /* Half of an entry, which nobody may ever look at. */
  memset(&ring->ring->submissions[ring->head % SCHEDRIG_RING_SLOTS], 0xff, 32);
  (void)raise(SIGKILL);
  return 1;
}

int main(int argc, char** argv) {
  struct schedrig_ring_producer ring;
  int result;
  const int opened = schedrig_ring_open(&ring, TIMEOUT_MS);
  if (opened != 0) {
    fprintf(stderr, "no ring: %s\n", strerror(-opened));
    return 1;
  }
  result = argc > 1 && strcmp(argv[1], "die") == 0 ? die(&ring) : batch(&ring);
  schedrig_ring_close(&ring);
  return result;
}
