// SPDX-License-Identifier: MIT
#include "host/text/topology_text.hpp"

#include <array>

#include "host/text/integer.hpp"
#include "host/text/quote.hpp"

namespace schedrig::text {

Result<Topology> parse_topology(std::string_view text) {
  constexpr std::string_view kLetters = "nlct";
  std::array<std::uint32_t, 4> parts{};
  std::string_view rest = text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto number = parse_leading_number(rest);
    if (!number || !number->rest.starts_with(kLetters[i])) {
      return fail(StatusCode::kInvalidArgument, quote(text) + " is not a topology",
                  "write NUMA nodes, LLCs in all, cores per LLC, threads per core, such as "
                  "\"1n2l4c2t\"");
    }
    if (number->value > kMaxCpus) {
      return fail(StatusCode::kInvalidArgument,
                  "topology " + quote(text) + ": " + std::to_string(number->value) + " is too many",
                  "at most " + std::to_string(kMaxCpus) + " CPUs");
    }
    parts[i] = static_cast<std::uint32_t>(number->value);
    rest = number->rest.substr(1);
  }
  if (!rest.empty()) {
    return fail(StatusCode::kInvalidArgument,
                "topology " + quote(text) + ": " + quote(rest) + " follows its end",
                "leave it out");
  }
  Topology topology = Topology::uniform(parts[0], parts[1], parts[2], parts[3]);
  TRY(from_status(validate(topology.view())));
  return topology;
}

} // namespace schedrig::text
