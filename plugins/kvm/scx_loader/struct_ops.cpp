// SPDX-License-Identifier: MIT
#include "scx_loader/struct_ops.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "scx_loader/btf_names.hpp"
#include "scx_loader/ops_flags.hpp"

namespace schedrig::scx {
namespace {

constexpr char kOps[] = "sched_ext_ops";
constexpr char kAnyFunction[] = "scx_bpf_create_dsq";
constexpr std::string_view kFlags = "flags";
// Linux 6.4, uapi/linux/bpf.h; the headers that we build with are older.
constexpr std::uint32_t kMapWithLink = 1U << 13U; // BPF_F_LINK
constexpr int kAttachStructOps = 44;              // BPF_STRUCT_OPS

// What a program has to say of itself when it is loaded. libbpf asks while it loads.
struct Place {
  std::uint32_t record_id = 0;
  std::uint32_t member = 0;
};
std::map<std::string, Place>& places() {
  static std::map<std::string, Place> all;
  return all;
}

int say_place(bpf_program* program, bpf_prog_load_opts* options, long /*cookie*/) {
  const auto place = places().find(bpf_program__name(program));
  if (place == places().end()) {
    return -ENOENT;
  }
  options->attach_btf_id = place->second.record_id;
  options->expected_attach_type = static_cast<bpf_attach_type>(place->second.member);
  return 0;
}

std::uint64_t number_in(std::string_view bytes) {
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), std::min(bytes.size(), sizeof number));
  return number;
}

} // namespace

void handle_struct_ops_sections() {
  libbpf_prog_handler_opts options{};
  options.sz = sizeof options;
  options.prog_prepare_load_fn = say_place;
  for (const char* section : {"struct_ops+", "struct_ops.s+"}) {
    libbpf_register_prog_handler(section, BPF_PROG_TYPE_STRUCT_OPS, bpf_attach_type(0), &options);
  }
}

Result<StructOps> StructOps::plan(const ObjectImage& image, const btf& object, const btf& kernel,
                                  const NoteSink& note) {
  StructOps ops;
  TRY(ops.find_kernel_types(kernel));
  bool found = false;
  for (const OpsSection& section : image.ops) {
    const std::int32_t id = btf__find_by_name_kind(&object, section.name.c_str(), BTF_KIND_DATASEC);
    const btf_type* const variables =
        id < 0 ? nullptr : btf__type_by_id(&object, static_cast<std::uint32_t>(id));
    for (std::uint32_t i = 0; variables != nullptr && i < btf_vlen(variables); ++i) {
      const btf_var_secinfo& variable = btf_var_secinfos(variables)[i];
      const btf_type* const declared = btf__type_by_id(&object, variable.type);
      const btf_type* const type =
          declared == nullptr ? nullptr : plain_type(object, declared->type);
      const std::string_view type_name =
          type == nullptr ? "" : without_flavour(btf_name(object, type->name_off));
      if (type_name != kOps || found) {
        return fail(StatusCode::kInvalidArgument,
                    found ? "the object has several schedulers"
                          : "the object's operations are of type " + std::string(type_name),
                    "one variable of struct sched_ext_ops in SEC(\".struct_ops.link\")");
      }
      found = true;
      TRY(ops.read_members(section, object, *type, variable.offset, note));
    }
  }
  if (!found) {
    return fail(StatusCode::kInvalidArgument, "the object has no scheduler",
                "one variable of struct sched_ext_ops in SEC(\".struct_ops.link\"), compiled "
                "with -g");
  }
  return ops;
}

Result<> StructOps::find_kernel_types(const btf& kernel) {
  kernel_ = &kernel;
  const std::int32_t record = btf__find_by_name_kind(&kernel, kOps, BTF_KIND_STRUCT);
  const std::int32_t value =
      btf__find_by_name_kind(&kernel, "bpf_struct_ops_sched_ext_ops", BTF_KIND_STRUCT);
  if (record < 0) {
    return fail(StatusCode::kUnsupported, "this kernel has no sched_ext",
                "CONFIG_SCHED_CLASS_EXT is what it was built without");
  }
  const auto incomplete = [](const std::string& what) {
    return fail(StatusCode::kUnsupported,
                "this kernel's BTF is incomplete: it has sched_ext, but no " + what,
                "the pahole that made the BTF is too old for the kernel, or a step of its build "
                "is missing");
  };
  if (value < 0) {
    return incomplete("struct bpf_struct_ops_sched_ext_ops");
  }
  // Every kernel with sched_ext has this one, and no scheduler of the field does without.
  if (btf__find_by_name_kind(&kernel, kAnyFunction, BTF_KIND_FUNC) < 0) {
    return incomplete("kernel functions (" + std::string(kAnyFunction) + ")");
  }
  record_id_ = static_cast<std::uint32_t>(record);
  value_id_ = static_cast<std::uint32_t>(value);
  record_ = btf__type_by_id(&kernel, record_id_);
  const btf_type& whole = *btf__type_by_id(&kernel, value_id_);
  const auto data = member_index(kernel, whole, "data");
  if (!data) {
    return fail(StatusCode::kBadData, "this kernel's BTF is damaged: struct "
                                      "bpf_struct_ops_sched_ext_ops has no member data");
  }
  data_at_ = btf_member_bit_offset(&whole, *data) / 8;
  value_.assign(whole.size, '\0');
  if (value_.size() < data_at_ + record_->size) {
    return fail(StatusCode::kBadData, "this kernel's BTF is damaged: its struct sched_ext_ops is "
                                      "larger than what holds it");
  }
  return {};
}

Result<> StructOps::read_members(const OpsSection& section, const btf& object,
                                 const btf_type& record, std::uint64_t at, const NoteSink& note) {
  if (at > section.data.size() || section.data.size() - at < record.size) {
    return fail(StatusCode::kBadData, "the object's BTF is damaged: its operations lie outside");
  }
  for (std::uint32_t i = 0; i < btf_vlen(&record); ++i) {
    const btf_member& member = btf_members(&record)[i];
    const std::uint64_t offset = btf_member_bit_offset(&record, i) / 8;
    const std::string name(btf_name(object, member.name_off));
    const auto index = member_index(*kernel_, *record_, name);
    const auto pointer = std::ranges::find(section.pointers, at + offset, &FunctionPointer::offset);
    if (pointer != section.pointers.end()) {
      if (index) {
        callbacks_.push_back({pointer->function, *index});
      } else {
        note("callback " + name + " is left out: this kernel has none");
      }
      continue;
    }
    const std::int64_t size = btf__resolve_size(&object, member.type);
    if (size < 0 || offset + static_cast<std::uint64_t>(size) > record.size) {
      return fail(StatusCode::kBadData, "the object's BTF is damaged: member " + name);
    }
    const std::string_view bytes =
        std::string_view(section.data).substr(at + offset, static_cast<std::size_t>(size));
    if (bytes.find_first_not_of('\0') != std::string_view::npos) {
      TRY(copy_data(object, member, bytes, note));
    }
  }
  return {};
}

Result<> StructOps::copy_data(const btf& object, const btf_member& member, std::string_view bytes,
                              const NoteSink& note) {
  const std::string name(btf_name(object, member.name_off));
  if (name == "name") {
    const auto index = member_index(*kernel_, *record_, name);
    if (!index) {
      return fail(StatusCode::kBadData, "this kernel's struct sched_ext_ops has no member name");
    }
    const std::size_t room =
        static_cast<std::size_t>(btf__resolve_size(kernel_, btf_members(record_)[*index].type));
    name_ = bytes.substr(0, bytes.find('\0'));
    name_.resize(std::min(name_.size(), room - 1));
    value_.replace(place_of(*index), name_.size(), name_);
    return {};
  }
  if (bytes.size() > sizeof(std::uint64_t)) {
    return fail(StatusCode::kUnsupported,
                "member " + name + " of the object's operations is no number");
  }
  if (!member_index(*kernel_, *record_, name)) {
    note("setting " + name + " is left out: this kernel has none");
    return {};
  }
  const std::uint64_t value = number_in(bytes);
  return set_field(name, name == kFlags ? translated_flags(object, *kernel_, value, note) : value);
}

std::size_t StructOps::place_of(std::uint32_t member) const {
  return data_at_ + btf_member_bit_offset(record_, member) / 8;
}

Result<> StructOps::set_field(std::string_view name, std::uint64_t value) {
  const auto index = member_index(*kernel_, *record_, name);
  if (!index) {
    return fail(StatusCode::kNotFound,
                "this kernel's struct sched_ext_ops has no member " + std::string(name));
  }
  const btf_type* const type = plain_type(*kernel_, btf_members(record_)[*index].type);
  if (type == nullptr || !btf_is_int(type) || type->size > sizeof value ||
      (type->size < sizeof value && (value >> (8 * type->size)) != 0)) {
    return fail(StatusCode::kInvalidArgument, "member " + std::string(name) +
                                                  " of struct sched_ext_ops takes no " +
                                                  std::to_string(value));
  }
  std::memcpy(value_.data() + place_of(*index), &value, type->size);
  return {};
}

std::optional<std::uint64_t> StructOps::field(std::string_view name) const {
  const auto index = member_index(*kernel_, *record_, name);
  const btf_type* const type =
      index ? plain_type(*kernel_, btf_members(record_)[*index].type) : nullptr;
  if (type == nullptr || !btf_is_int(type)) {
    return std::nullopt;
  }
  return number_in(std::string_view(value_).substr(place_of(*index), type->size));
}

Result<> StructOps::prepare(bpf_object& object) {
  places().clear();
  for (const Callback& callback : callbacks_) {
    if (bpf_object__find_program_by_name(&object, callback.program.c_str()) == nullptr) {
      return fail(StatusCode::kBadData,
                  "callback " + callback.program + " is no program of the object");
    }
    places()[callback.program] = {record_id_, callback.member};
  }
  bpf_program* program = nullptr;
  while ((program = bpf_object__next_program(&object, program)) != nullptr) {
    const std::string_view section = bpf_program__section_name(program);
    if (!section.starts_with("struct_ops")) {
      continue;
    }
    bpf_program__set_autoload(program, places().contains(bpf_program__name(program)));
    if (section.starts_with("struct_ops.s")) {
      bpf_program__set_flags(program, bpf_program__flags(program) | BPF_F_SLEEPABLE);
    }
  }
  return {};
}

Result<> StructOps::attach(const bpf_object& object) {
  for (const Callback& callback : callbacks_) {
    const bpf_program* const program =
        bpf_object__find_program_by_name(&object, callback.program.c_str());
    const std::uint64_t fd = static_cast<std::uint64_t>(bpf_program__fd(program));
    std::memcpy(value_.data() + place_of(callback.member), &fd, sizeof fd);
  }
  // The kernel asks for the object's BTF, too, though the value is of a type of its own.
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.btf_fd = static_cast<std::uint32_t>(bpf_object__btf_fd(&object));
  options.btf_vmlinux_value_type_id = value_id_;
  options.map_flags = kMapWithLink;
  const std::string map_name = name_.substr(0, BPF_OBJ_NAME_LEN - 1);
  map_.reset(::bpf_map_create(BPF_MAP_TYPE_STRUCT_OPS, map_name.c_str(), sizeof(std::uint32_t),
                              static_cast<std::uint32_t>(value_.size()), 1, &options));
  if (!map_) {
    return fail_errno(errno, "create the map of the operations");
  }
  const std::uint32_t zero = 0;
  if (::bpf_map_update_elem(map_.get(), &zero, value_.data(), BPF_ANY) != 0) {
    return fail_errno(errno, "give the operations to the kernel");
  }
  link_.reset(
      ::bpf_link_create(map_.get(), 0, static_cast<bpf_attach_type>(kAttachStructOps), nullptr));
  if (!link_) {
    return fail_errno(errno, "attach the scheduler");
  }
  return {};
}

} // namespace schedrig::scx
