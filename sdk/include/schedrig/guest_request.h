/* SPDX-License-Identifier: MIT
 * For programs that run as payloads: ask the host for something and wait for its reply. C11, no
 * library. The environment's SCHEDRIG_REQUESTS names the socket; where it is missing, nobody takes
 * requests.
 *
 * A message to the socket (SOCK_SEQPACKET) is a struct schedrig_request_head and a body, the reply a
 * struct schedrig_reply_head and a body, or a line that says why there is none. Little-endian. A
 * connection has one request at a time, any number one after another.
 */
#ifndef SCHEDRIG_GUEST_REQUEST_H
#define SCHEDRIG_GUEST_REQUEST_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* NOLINTBEGIN: C, not C++ */
#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast" /* C has no other */
#endif

/* Kinds; bodies: kernel_wire.hpp, a tag. */
#define SCHEDRIG_REQUEST_KERNEL_OP 1U
#define SCHEDRIG_REQUEST_SNAPSHOT 2U

#define SCHEDRIG_REQUEST_MAX_BYTES (64U * 1024U) /* of a body */

struct schedrig_request_head {
  uint32_t kind;
  uint32_t reserved; /* 0 */
};

struct schedrig_reply_head {
  int32_t status; /* 0, or -errno: then the body is a line of text */
  uint32_t reserved;
};

/* A connected socket, to be closed by the caller, whose waits end after timeout_ms; or -errno.
 * -ENOENT: nobody takes requests. */
static inline int schedrig_requests_open(unsigned timeout_ms) {
  const char* path = getenv("SCHEDRIG_REQUESTS");
  struct sockaddr_un address;
  struct timeval timeout;
  int fd;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  if (path == NULL) {
    return -ENOENT;
  }
  if (strlen(path) >= sizeof address.sun_path) {
    return -ENAMETOOLONG;
  }
  memcpy(address.sun_path, path, strlen(path));
  fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return -errno;
  }
  timeout.tv_sec = timeout_ms / 1000U;
  timeout.tv_usec = (suseconds_t)(timeout_ms % 1000U) * 1000;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0 ||
      setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) != 0 ||
      connect(fd, (const struct sockaddr*)&address, sizeof address) != 0) {
    const int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}

/* Sends a request and waits for its reply. Returns the reply's status; -EAGAIN: not in time, and the
 * connection is of no use any more. `reply` gets the body or the line, at most `room` bytes, and
 * *reply_bytes how many these are. */
static inline int schedrig_request(int fd, uint32_t kind, const void* body, size_t body_bytes,
                                   void* reply, size_t room, size_t* reply_bytes) {
  struct schedrig_request_head head = {kind, 0};
  struct schedrig_reply_head answer = {0, 0};
  struct iovec out[2] = {{&head, sizeof head}, {(void*)body, body_bytes}};
  struct iovec in[2] = {{&answer, sizeof answer}, {reply, room}};
  struct msghdr message;
  ssize_t got;
  *reply_bytes = 0;
  memset(&message, 0, sizeof message);
  message.msg_iov = out;
  message.msg_iovlen = 2;
  if (sendmsg(fd, &message, MSG_NOSIGNAL) < 0) {
    return -errno;
  }
  message.msg_iov = in;
  got = recvmsg(fd, &message, 0);
  if (got < 0) {
    return -errno;
  }
  if ((size_t)got < sizeof answer) {
    return -ECONNRESET; /* closed, or no reply */
  }
  *reply_bytes = (size_t)got - sizeof answer;
  return answer.status;
}

#ifdef __cplusplus
#pragma GCC diagnostic pop
#endif
/* NOLINTEND */

#endif
