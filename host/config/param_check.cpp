// SPDX-License-Identifier: MIT
#include "host/config/param_check.hpp"

#include <algorithm>
#include <string>

namespace schedrig::config {
namespace {

SourcePos place_of(std::string_view key, const ConfigParams& given, SourcePos table) {
  const auto exact = std::ranges::find(given, key, &ConfigParam::key);
  if (exact != given.end()) {
    return exact->pos;
  }
  const auto below = std::ranges::find_if(given, [&](const ConfigParam& param) {
    return param.key.starts_with(std::string(key) + ".");
  });
  return below == given.end() ? table : below->key_pos;
}

} // namespace

std::vector<Diagnostic> plugin_problems(ParamCheck& plugin, ParamsView bound,
                                        const ConfigParams& given, SourcePos table) {
  class Collect final : public ParamProblemSink {
   public:
    Collect(const ConfigParams& given, SourcePos table) : given_(given), table_(table) {}
    void on_problem(std::string_view key, const Status& status) noexcept override {
      errors.add(place_of(key, given_, table_), status.message, status.help);
    }
    Diagnostics errors;

   private:
    const ConfigParams& given_;
    SourcePos table_;
  } collect(given, table);
  plugin.check(bound, collect);
  return collect.errors.take_sorted();
}

} // namespace schedrig::config
