// SPDX-License-Identifier: MIT
#include "host/kernel_view/render_bpf.hpp"

#include <map>
#include <string>

#include "host/text/hex.hpp"

namespace schedrig::kernel_view {
namespace {

using json::Value;

constexpr std::uint32_t kStructOps = 26; // BPF_MAP_TYPE_STRUCT_OPS

class MapValues {
 public:
  MapValues(const MapSnapshot& map, const kernel::RenderOptions& options)
      : map_(map), options_(options) {
    if (map.facts.btf != 0 && map.types) {
      types_ = kernel::BtfTypes::read(std::as_bytes(std::span(*map.types)));
    }
  }

  Value render() const {
    if (!map_.entries) {
      return error_value(map_.entries.error());
    }
    const MapEntries& entries = *map_.entries;
    if (!entries.known) {
      return {};
    }
    const bool is_section = types_ && map_.facts.key_type == 0 && entries.all.size() == 1;
    if (is_section) {
      return value_of(entries.all.front());
    }
    constexpr std::uint32_t kArray = 2;
    constexpr std::uint32_t kPerCpuArray = 6;
    const bool is_array = map_.facts.type == kArray || map_.facts.type == kPerCpuArray;
    Value list = Value::array();
    for (const MapEntry& entry : entries.all) {
      if (is_array) {
        list.push(value_of(entry));
        continue;
      }
      Value& pair = list.push(Value::object());
      pair.set("key", render_bytes(map_.facts.key_type, entry.key));
      pair.set("value", value_of(entry));
    }
    if (entries.cut) {
      list.push("...");
    }
    return list;
  }

 private:
  // Without types: a number where it can be one, else its bytes.
  Value render_bytes(kernel::TypeId type, const std::vector<std::uint8_t>& bytes) const {
    if (types_ && type != 0) {
      return types_->render(type, bytes, options_);
    }
    if (bytes.size() > sizeof(std::uint64_t)) {
      return Value(text::format_hex_bytes(bytes));
    }
    std::uint64_t number = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) {
      number = (number << 8U) | bytes[i];
    }
    return Value(number);
  }

  Value value_of(const MapEntry& entry) const {
    if (entry.values.size() == 1) {
      return render_bytes(map_.facts.value_type, entry.values.front());
    }
    Value cpus = Value::array();
    for (const auto& value : entry.values) {
      cpus.push(render_bytes(map_.facts.value_type, value));
    }
    return cpus;
  }

  const MapSnapshot& map_;
  const kernel::RenderOptions& options_;
  Result<kernel::BtfTypes> types_ = fail(StatusCode::kNotFound, "no types");
};

// "0xffffffffc0201000 fifo_enqueue": a program's name, where a pointer leads to one.
Value struct_ops_value(const MapSnapshot& map, const kernel::BtfTypes& types,
                       const std::map<std::uint32_t, std::string>& programs,
                       const kernel::RenderOptions& options) {
  const MapEntries& entries = *map.entries;
  if (entries.all.empty() || map.facts.kernel_value_type == 0) {
    return {};
  }
  kernel::RenderOptions with_programs = options;
  with_programs.name_of_pointer = [&](std::uint64_t pointer) {
    const auto id = entries.programs.find(pointer);
    const auto name = id == entries.programs.end() ? programs.end() : programs.find(id->second);
    if (name != programs.end()) {
      return name->second;
    }
    return options.name_of_pointer ? options.name_of_pointer(pointer) : std::string();
  };
  return types.render(map.facts.kernel_value_type, entries.all.front().values.front(),
                      with_programs);
}

} // namespace

Value error_value(const Error& error) {
  Value value = Value::object();
  value.set("error", error.message);
  return value;
}

Value program_value(const ProgramFacts& program) {
  Value value = Value::object();
  value.set("id", program.id);
  value.set("name", program.name);
  value.set("type", program.type);
  value.set("jited_bytes", program.jited_bytes);
  return value;
}

Value map_value(const MapSnapshot& map) {
  Value value = Value::object();
  value.set("id", map.facts.id);
  value.set("name", map.facts.name);
  value.set("type", map.facts.type);
  value.set("key_bytes", map.facts.key_bytes);
  value.set("value_bytes", map.facts.value_bytes);
  value.set("max_entries", map.facts.max_entries);
  value.set("flags", map.facts.flags);
  return value;
}

Value map_values(const KernelSnapshot& snapshot, const kernel::BtfTypes& types,
                 const kernel::RenderOptions& options) {
  if (!snapshot.maps) {
    return error_value(snapshot.maps.error());
  }
  std::map<std::uint32_t, std::string> programs;
  if (snapshot.programs) {
    for (const ProgramFacts& program : *snapshot.programs) {
      programs.emplace(program.id, program.name);
    }
  }
  Value values = Value::object();
  for (const MapSnapshot& map : *snapshot.maps) {
    if (values.find(map.facts.name) != nullptr) {
      continue;
    }
    const bool is_struct_ops = map.facts.type == kStructOps && map.entries;
    values.set(map.facts.name, is_struct_ops ? struct_ops_value(map, types, programs, options)
                                             : MapValues(map, options).render());
  }
  return values;
}

} // namespace schedrig::kernel_view
