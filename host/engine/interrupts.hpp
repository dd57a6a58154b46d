// SPDX-License-Identifier: MIT
// Reads /proc/interrupts (show_interrupts(), kernel/irq/proc.c of Linux 6.18, as x86 configures
// it): which interrupt has which actions. Pure; thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/result.hpp>

namespace schedrig::engine {

struct Interrupt {
  std::uint32_t number = 0;
  std::vector<std::string> actions; // several when it is shared; none when nobody handles it
};

// The numbered lines; those of the architecture ("NMI", "LOC") have no number and are left out.
// kBadData: no header of CPUs.
[[nodiscard]] Result<std::vector<Interrupt>> parse_interrupts(std::string_view text);

// The interrupt with an action of exactly that name; `nth` of them from 0 on where several have
// one. kNotFound suggests names; kInvalidArgument lists the interrupts among which nth chooses.
[[nodiscard]] Result<std::uint32_t> find_interrupt(const std::vector<Interrupt>& interrupts,
                                                   std::string_view label,
                                                   std::optional<std::uint32_t> nth);

} // namespace schedrig::engine
