/* SPDX-License-Identifier: MIT
 * A payload that asks the host for a snapshot and for a kernel op that is none, and prints what it
 * was told: "snapshot: STATUS", "kernel_op: STATUS". */
#include <stdio.h>

#include <schedrig/guest_request.h>

static void ask(int fd, const char* name, uint32_t kind, const char* body) {
  char line[256];
  size_t bytes = 0;
  const int status = schedrig_request(fd, kind, body, strlen(body), line, sizeof line, &bytes);
  printf("%s: %d\n", name, status);
  fprintf(stderr, "%s: %.*s\n", name, (int)bytes, line);
}

int main(void) {
  const int fd = schedrig_requests_open(60000);
  if (fd < 0) {
    fprintf(stderr, "no host that takes requests: %s\n", strerror(-fd));
    return 1;
  }
  ask(fd, "snapshot", SCHEDRIG_REQUEST_SNAPSHOT, "here");
  ask(fd, "kernel_op", SCHEDRIG_REQUEST_KERNEL_OP, "x");
  close(fd);
  return 0;
}
