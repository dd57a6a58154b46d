// SPDX-License-Identifier: MIT
// Cases of steer_irq. Every backend's machine has a virtio console with two ports: interrupts from
// 24 on, the queues of the ports with the same names.
#include <cerrno>

#include "tests/contract/op_case_parts.hpp"

namespace schedrig::contract {

void irq_cases(std::vector<OpCase>& cases) {
  const std::string op = "steer_irq";
  const auto steer = [&](std::string name, SteerIrq body, StatusCode status = StatusCode::kOk,
                         int os_errno = 0) {
    cases.push_back({.op = op,
                     .name = std::move(name),
                     .body = std::move(body),
                     .status = status,
                     .os_errno = os_errno});
  };
  const std::string once = "virtio0-control-i";
  const std::string twice = "virtio0-input";
  steer("by number", {.irq = 24U, .nth = {}, .cpu = 1});
  steer("by label", {.irq = once, .nth = {}, .cpu = kCpus - 1});
  steer("by label and nth", {.irq = twice, .nth = 1, .cpu = 2});
  steer("by label that stands once and nth 0", {.irq = once, .nth = 0, .cpu = 0});
  steer("to a CPU that is not online", {.irq = once, .nth = {}, .cpu = kCpus},
        StatusCode::kNotFound);
  steer("an unknown label", {.irq = "virtio0-control", .nth = {}, .cpu = 0}, StatusCode::kNotFound);
  steer("a label that two interrupts have", {.irq = twice, .nth = {}, .cpu = 0},
        StatusCode::kInvalidArgument);
  steer("an nth that no interrupt is left for", {.irq = twice, .nth = 2, .cpu = 0},
        StatusCode::kNotFound);
  steer("a number that is no interrupt", {.irq = 4000U, .nth = {}, .cpu = 0}, StatusCode::kOs,
        ENOENT);
}

} // namespace schedrig::contract
