/* SPDX-License-Identifier: MIT
 * A payload that makes BPF maps by bpf(2) alone, fills them and waits to be killed: an array, one
 * for each CPU, a hash table, and a section of global variables with its types. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/btf.h>

static int bpf(int command, union bpf_attr* attr) {
  return (int)syscall(SYS_bpf, command, attr, sizeof *attr);
}

static int create(uint32_t type, const char* name, uint32_t value_bytes, uint32_t entries,
                  int btf_fd, uint32_t value_type) {
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.map_type = type;
  attr.key_size = 4;
  attr.value_size = value_bytes;
  attr.max_entries = entries;
  strncpy(attr.map_name, name, sizeof attr.map_name - 1);
  attr.btf_fd = btf_fd > 0 ? (uint32_t)btf_fd : 0;
  attr.btf_value_type_id = value_type;
  const int fd = bpf(BPF_MAP_CREATE, &attr);
  if (fd < 0) {
    perror(name);
    _exit(1);
  }
  return fd;
}

static void put(int fd, uint32_t key, const void* value) {
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.map_fd = (uint32_t)fd;
  attr.key = (uint64_t)(uintptr_t)&key;
  attr.value = (uint64_t)(uintptr_t)value;
  if (bpf(BPF_MAP_UPDATE_ELEM, &attr) != 0) {
    perror("update");
    _exit(1);
  }
}

/* .bss with the variables dispatched and knob, of 8 bytes each; the section is type 4. */
static int load_types(void) {
  static const char names[] = "\0u64\0dispatched\0knob\0.bss";
  static const struct {
    struct btf_header header;
    struct {
      struct btf_type type;
      uint32_t encoding;
    } integer;
    struct {
      struct btf_type type;
      struct btf_var variable;
    } variables[2];
    struct btf_type section;
    struct btf_var_secinfo places[2];
    char names[sizeof names];
  } blob = {
      .header = {.magic = BTF_MAGIC,
                 .version = BTF_VERSION,
                 .hdr_len = sizeof(struct btf_header),
                 .type_len = 16 + 2 * 16 + 12 + 2 * 12,
                 .str_off = 16 + 2 * 16 + 12 + 2 * 12,
                 .str_len = sizeof names},
      .integer = {{.name_off = 1, .info = BTF_KIND_INT << 24, .size = 8}, 64},
      .variables = {{{.name_off = 5, .info = BTF_KIND_VAR << 24, .type = 1},
                     {BTF_VAR_GLOBAL_ALLOCATED}},
                    {{.name_off = 16, .info = BTF_KIND_VAR << 24, .type = 1},
                     {BTF_VAR_GLOBAL_ALLOCATED}}},
      .section = {.name_off = 21, .info = (BTF_KIND_DATASEC << 24) | 2, .size = 16},
      .places = {{2, 0, 8}, {3, 8, 8}},
      .names = "\0u64\0dispatched\0knob\0.bss",
  };
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.btf = (uint64_t)(uintptr_t)&blob;
  attr.btf_size = (uint32_t)(sizeof blob.header + blob.header.type_len + blob.header.str_len);
  const int fd = bpf(BPF_BTF_LOAD, &attr);
  if (fd < 0) {
    perror("types");
    _exit(1);
  }
  return fd;
}

int main(void) {
  const int array = create(BPF_MAP_TYPE_ARRAY, "walk_array", 8, 4, 0, 0);
  const int hash = create(BPF_MAP_TYPE_HASH, "walk_hash", 8, 64, 0, 0);
  const int each_cpu = create(BPF_MAP_TYPE_PERCPU_ARRAY, "walk_each_cpu", 8, 1, 0, 0);
  for (uint32_t i = 0; i < 4; ++i) {
    const uint64_t value = 111 * (uint64_t)i;
    put(array, i, &value);
  }
  for (uint32_t i = 0; i < 10; ++i) {
    const uint64_t value = (uint64_t)i * i;
    put(hash, 7 * i, &value);
  }
  uint64_t values[1024]; /* one a CPU that could be */
  for (uint32_t cpu = 0; cpu < 1024; ++cpu) {
    values[cpu] = 70 + cpu;
  }
  put(each_cpu, 0, values);
  const uint64_t variables[2] = {4242, 7};
  put(create(BPF_MAP_TYPE_ARRAY, "walk.bss", 16, 1, load_types(), 4), 0, variables);
  for (;;) {
    pause();
  }
}
