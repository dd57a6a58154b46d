// SPDX-License-Identifier: MIT
#include "scx_loader/kfunc_names.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scx_loader/btf_names.hpp"

namespace schedrig::scx {
namespace {

constexpr std::string_view kEnding = "___";
// Prototypes within prototypes: the kernel's own have two levels. Ends circles in damaged BTF.
constexpr int kMaxDepth = 16;
constexpr char kNoKernelHas = '_'; // "_cx_bpf_..." for "scx_bpf_..."

const btf_type* function(const btf& types, const std::string& name) {
  const std::int32_t id = btf__find_by_name_kind(&types, name.c_str(), BTF_KIND_FUNC);
  return id < 0 ? nullptr : btf__type_by_id(&types, static_cast<std::uint32_t>(id));
}

std::uint32_t kind_of(const btf_type* type) {
  const std::uint32_t kind = type == nullptr ? std::uint32_t{BTF_KIND_UNKN} : btf_kind(type);
  return kind == BTF_KIND_ENUM64 ? std::uint32_t{BTF_KIND_ENUM} : kind;
}

class Comparison {
 public:
  Comparison(const btf& object, const btf& kernel) : object_(object), kernel_(kernel) {}

  [[nodiscard]] bool prototypes(const btf_type& ours, const btf_type& theirs, int depth) const {
    if (btf_vlen(&ours) != btf_vlen(&theirs)) {
      return false;
    }
    for (std::uint32_t i = 0; i < btf_vlen(&ours); ++i) {
      if (!values(btf_params(&ours)[i].type, btf_params(&theirs)[i].type, depth)) {
        return false;
      }
    }
    return values(ours.type, theirs.type, depth);
  }

 private:
  [[nodiscard]] bool values(std::uint32_t ours_id, std::uint32_t theirs_id, int depth) const {
    const btf_type* const ours = plain_type(object_, ours_id);
    const btf_type* const theirs = plain_type(kernel_, theirs_id);
    if (kind_of(ours) != kind_of(theirs) || depth == 0) {
      return false;
    }
    switch (kind_of(ours)) {
    case BTF_KIND_PTR:
      return values(ours->type, theirs->type, depth - 1);
    case BTF_KIND_FUNC_PROTO:
      return prototypes(*ours, *theirs, depth - 1);
    default:
      return true;
    }
  }

  const btf& object_;
  const btf& kernel_;
};

bool kernel_has(const btf& object, const btf_type& declared, const btf& kernel,
                const std::string& name) {
  const btf_type* const there = function(kernel, name);
  return there != nullptr && same_prototype(object, declared, kernel, *there);
}

// Empty: it has none of that prototype.
std::string name_in_kernel(const btf& object, const btf_type& declared, const btf& kernel,
                           std::string name) {
  while (!kernel_has(object, declared, kernel, name)) {
    const std::size_t ending = name.rfind(kEnding);
    name.resize(ending == std::string::npos ? 0 : ending);
    if (name.empty()) {
      break;
    }
  }
  return name;
}

void rename(ObjectImage& image, const std::string& from, std::string to) {
  const std::string old = '\0' + from + '\0';
  to = '\0' + to;
  to.resize(old.size());
  for (const SectionRange& table : image.name_tables) {
    const std::size_t end = table.offset + table.size;
    for (std::size_t at = image.bytes.find(old, table.offset);
         at != std::string::npos && at + old.size() <= end; at = image.bytes.find(old, at + 1)) {
      image.bytes.replace(at, old.size(), to);
    }
  }
}

} // namespace

bool same_prototype(const btf& object, const btf_type& ours, const btf& kernel,
                    const btf_type& theirs) {
  const auto prototype = [](const btf& types, const btf_type& type) {
    return btf_is_func(&type) ? btf__type_by_id(&types, type.type) : &type;
  };
  const btf_type* const mine = prototype(object, ours);
  const btf_type* const its = prototype(kernel, theirs);
  return mine != nullptr && its != nullptr && btf_is_func_proto(mine) && btf_is_func_proto(its) &&
         Comparison(object, kernel).prototypes(*mine, *its, kMaxDepth);
}

void fit_kfunc_names(ObjectImage& image, const btf& kernel, const NoteSink& note) {
  const std::string bytes = image.bytes.substr(image.btf.offset, image.btf.size);
  const std::unique_ptr<btf, decltype(&btf__free)> types(
      btf__new(bytes.data(), static_cast<std::uint32_t>(bytes.size())), btf__free);
  if (!types) {
    return; // who opens the object says why
  }
  std::vector<std::pair<std::string, std::string>> hidden;
  std::vector<std::pair<std::string, std::string>> renamed;
  for (const ExternSymbol& symbol : image.externs) {
    const btf_type* const declared = function(*types, symbol.name);
    if (declared == nullptr) {
      continue; // a variable
    }
    const std::string name = name_in_kernel(*types, *declared, kernel, symbol.name);
    if (!name.empty() && name != symbol.name) {
      renamed.emplace_back(symbol.name, name);
      note("function " + symbol.name + " is this kernel's " + name);
    } else if (name.empty() && symbol.weak && function(kernel, symbol.name) != nullptr) {
      hidden.emplace_back(symbol.name, kNoKernelHas + symbol.name.substr(1));
      note("function " + symbol.name +
           " is left out: this kernel's has other parameters or another result");
    }
  }
  for (const auto& [from, to] : hidden) { // first: another may get the name
    rename(image, from, to);
  }
  for (const auto& [from, to] : renamed) {
    rename(image, from, to);
  }
}

} // namespace schedrig::scx
