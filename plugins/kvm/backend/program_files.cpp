// SPDX-License-Identifier: MIT
#include "backend/program_files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <optional>
#include <set>

#include <fcntl.h>
#include <unistd.h>

#include "backend/linker_cache.hpp"
#include "backend/program_elf.hpp"
#include "channel/message_type.hpp"
#include "vmm/unique_fd.hpp"

namespace schedrig::kvm {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxLibraries = 512;
// glibc opens the second by its name when a thread exits or is cancelled (sysdeps/nptl and
// misc/unwind-link.c), and aborts where it is missing; no program lists it.
constexpr const char* kLibc = "libc.so.6";
constexpr const char* kUnwinder = "libgcc_s.so.1";
// BINPRM_BUF_SIZE: more of a script's first line the kernel does not read (fs/binfmt_script.c).
constexpr std::size_t kScriptLineBytes = 256;
constexpr std::string_view kDefaultPath = "/usr/local/bin:/usr/bin:/bin";
// Where the dynamic linkers of today's distributions look without being told, and where the
// ld.so.conf of most sends them: for hosts whose cache is missing or older than a library.
constexpr std::array<std::string_view, 8> kLibraryDirs = {"/lib/x86_64-linux-gnu",
                                                          "/usr/lib/x86_64-linux-gnu",
                                                          "/lib64",
                                                          "/usr/lib64",
                                                          "/lib",
                                                          "/usr/lib",
                                                          "/usr/local/lib/x86_64-linux-gnu",
                                                          "/usr/local/lib"};

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(':'), list.size());
    if (end > 0) {
      parts.emplace_back(list.substr(0, end));
    }
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return parts;
}

Result<ProgramFile> read_program_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (!fd || ::fstat(fd.get(), &status) != 0) {
    const int error = errno;
    if (error == ENOENT || error == ENOTDIR) {
      return fail(StatusCode::kNotFound, path + " does not exist on the host");
    }
    return fail_errno(error, "open " + path);
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(StatusCode::kInvalidArgument, path + " is no file");
  }
  if (static_cast<std::uint64_t>(status.st_size) > kMaxStagedFileBytes) {
    return fail(StatusCode::kInvalidArgument, path + " is larger than 1 GiB");
  }
  ProgramFile file{.path = path, .content = {}, .mode = status.st_mode & 0777U};
  file.content.resize(static_cast<std::size_t>(status.st_size));
  for (std::size_t used = 0; used < file.content.size();) {
    const ssize_t got = ::read(fd.get(), file.content.data() + used, file.content.size() - used);
    if (got <= 0) {
      return fail_errno(got < 0 ? errno : EIO, "read " + path);
    }
    used += static_cast<std::size_t>(got);
  }
  return file;
}

Result<LinkerCache> read_linker_cache(const std::string& path) {
  const auto file = read_program_file(path);
  if (!file) {
    return file.error().code == StatusCode::kNotFound ? Result<LinkerCache>(LinkerCache())
                                                      : std::unexpected(file.error());
  }
  auto cache = LinkerCache::parse(file->content);
  if (!cache) {
    return std::unexpected(std::move(cache).error().context(path));
  }
  return cache;
}

Result<std::string> find_binary(const std::string& binary) {
  if (binary.find('/') != std::string::npos) {
    std::error_code error;
    return fs::absolute(binary, error).lexically_normal().string();
  }
  const char* const path = std::getenv("PATH");
  for (const std::string& dir : split(path != nullptr ? std::string_view(path) : kDefaultPath)) {
    const fs::path candidate = fs::path(dir) / binary;
    if (dir.starts_with('/') && ::access(candidate.c_str(), X_OK) == 0) {
      return candidate.lexically_normal().string();
    }
  }
  return fail(StatusCode::kNotFound, "the program \"" + binary + "\" is in no directory of PATH",
              "give the payload's binary as a path, or install it on this host");
}

// "#! /path argument" of a script: "/path"; nothing: no script.
std::optional<std::string> script_interpreter(const Bytes& content) {
  const std::string_view text(reinterpret_cast<const char*>(content.data()),
                              std::min(content.size(), kScriptLineBytes));
  if (!text.starts_with("#!")) {
    return std::nullopt;
  }
  std::string_view line = text.substr(2, text.find('\n') - 2);
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  return std::string(line.substr(0, line.find_first_of(" \t\r")));
}

// Follows needs breadth first, as the dynamic linker does.
class Closure {
 public:
  Closure(ProgramFiles& out, std::string linker_cache)
      : out_(out), linker_cache_path_(std::move(linker_cache)) {}

  Result<> add_program(ProgramFile file, int scripts_deep = 0);
  Result<> add_libraries();

 private:
  struct Wanted {
    std::string name;
    std::string by;
    std::vector<std::string> run_paths;
  };

  Result<> add_wanted();
  Result<> note_needs(const ProgramFile& file, const std::vector<std::string>& inherited);
  Result<> add_library(const Wanted& wanted);
  [[nodiscard]] Result<std::vector<std::string>> candidates(const Wanted& wanted);
  [[nodiscard]] Result<std::optional<ProgramFile>> library_at(const std::string& path) const;

  ProgramFiles& out_;
  std::string linker_cache_path_;
  std::optional<LinkerCache> linker_cache_; // read when the first library is looked for
  std::deque<Wanted> wanted_;
  std::set<std::string> names_; // of libraries that were found
  std::set<std::string> paths_;
};

Result<> Closure::add_program(ProgramFile file, int scripts_deep) {
  if ((file.mode & 0111U) == 0) {
    return fail(StatusCode::kInvalidArgument, file.path + " is not executable",
                "chmod +x " + file.path);
  }
  if (is_elf(file.content)) {
    auto needs = read_elf_needs(file.content);
    if (!needs) {
      return std::unexpected(std::move(needs).error().context(file.path));
    }
    if (!needs->interpreter.empty() && paths_.insert(needs->interpreter).second) {
      auto interpreter = read_program_file(needs->interpreter);
      if (!interpreter) {
        return std::unexpected(
            std::move(interpreter).error().context("the dynamic linker of " + file.path));
      }
      out_.files.push_back(*std::move(interpreter));
    }
    TRY(note_needs(file, {}));
  } else {
    const auto name = script_interpreter(file.content);
    if (!name || !name->starts_with('/')) {
      return fail(StatusCode::kInvalidArgument,
                  file.path + " is neither an x86-64 program nor a script that begins with #!/");
    }
    auto interpreter = read_program_file(*name);
    if (!interpreter) {
      return std::unexpected(
          std::move(interpreter).error().context("the interpreter of the script " + file.path));
    }
    if (scripts_deep > 3) { // as the kernel (BINPRM recursion limit, fs/exec.c)
      return fail(StatusCode::kInvalidArgument,
                  file.path + " is a script of scripts, deeper than the kernel follows");
    }
    TRY(add_program(*std::move(interpreter), scripts_deep + 1));
  }
  paths_.insert(file.path);
  out_.files.insert(out_.files.begin(), std::move(file));
  return {};
}

Result<> Closure::note_needs(const ProgramFile& file, const std::vector<std::string>& inherited) {
  auto needs = read_elf_needs(file.content);
  if (!needs) {
    return std::unexpected(std::move(needs).error().context(file.path));
  }
  std::vector<std::string> run_paths = inherited;
  for (std::string dir : split(needs->run_path)) {
    const std::string origin = fs::path(file.path).parent_path().string();
    for (const std::string_view spelling : {"$ORIGIN", "${ORIGIN}"}) {
      if (const std::size_t at = dir.find(spelling); at != std::string::npos) {
        dir.replace(at, spelling.size(), origin);
      }
    }
    run_paths.push_back(dir);
  }
  for (std::string& name : needs->needed) {
    wanted_.push_back({.name = std::move(name), .by = file.path, .run_paths = run_paths});
  }
  return {};
}

Result<> Closure::add_libraries() {
  TRY(add_wanted());
  if (names_.contains(kLibc) && names_.insert(kUnwinder).second) {
    auto added = add_library({.name = kUnwinder, .by = kLibc, .run_paths = {}});
    if (!added && added.error().code != StatusCode::kNotFound) {
      return added;
    }
  }
  return add_wanted();
}

Result<> Closure::add_wanted() {
  while (!wanted_.empty()) {
    const Wanted wanted = std::move(wanted_.front());
    wanted_.pop_front();
    if (names_.insert(wanted.name).second) {
      TRY(add_library(wanted));
    }
    if (names_.size() > kMaxLibraries) {
      return fail(StatusCode::kInvalidArgument, out_.program + " needs more than " +
                                                    std::to_string(kMaxLibraries) + " libraries");
    }
  }
  return {};
}

// Where it may lie, in the order in which ld.so(8) looks.
Result<std::vector<std::string>> Closure::candidates(const Wanted& wanted) {
  if (wanted.name.find('/') != std::string::npos) {
    return std::vector<std::string>{"/" + wanted.name};
  }
  std::vector<std::string> paths;
  const auto add = [&](std::string_view dir) {
    if (dir.starts_with('/')) {
      paths.push_back(std::string(dir) + "/" + wanted.name);
    }
  };
  std::ranges::for_each(wanted.run_paths, add);
  if (const char* const path = std::getenv("LD_LIBRARY_PATH"); path != nullptr) {
    std::ranges::for_each(split(path), add);
  }
  if (!linker_cache_) {
    linker_cache_ = TRY(read_linker_cache(linker_cache_path_));
  }
  if (auto cached = linker_cache_->find(wanted.name)) {
    paths.push_back(*std::move(cached));
  }
  std::ranges::for_each(kLibraryDirs, add);
  return paths;
}

Result<> Closure::add_library(const Wanted& wanted) {
  for (const std::string& candidate : TRY(candidates(wanted))) {
    const std::string path = fs::path(candidate).lexically_normal().string();
    auto found = TRY(library_at(path));
    if (!found) {
      continue;
    }
    const std::string place = fs::path(path).parent_path().string();
    if (std::ranges::find(out_.library_dirs, place) == out_.library_dirs.end()) {
      out_.library_dirs.push_back(place);
    }
    TRY(note_needs(*found, wanted.run_paths));
    if (paths_.insert(path).second) {
      out_.files.push_back(*std::move(found));
    }
    return {};
  }
  return fail(StatusCode::kNotFound,
              wanted.by + " needs the library " + wanted.name + ", which is not on this host",
              "install it, or name its directory in LD_LIBRARY_PATH");
}

// Nothing: there is no such library; another one's file of that name is passed over, as by ld.so.
Result<std::optional<ProgramFile>> Closure::library_at(const std::string& path) const {
  if (::access(path.c_str(), F_OK) != 0) {
    return std::nullopt;
  }
  ProgramFile file = TRY(read_program_file(path));
  if (!is_elf(file.content)) {
    return std::nullopt;
  }
  const auto needs = read_elf_needs(file.content);
  if (!needs && needs.error().code == StatusCode::kInvalidArgument) {
    return std::nullopt;
  }
  return file;
}

} // namespace

Result<ProgramFiles> find_needed_file(const std::string& path) {
  std::error_code error;
  ProgramFile file = TRY(read_program_file(fs::absolute(path, error).lexically_normal().string()));
  const bool executable = (file.mode & 0111U) != 0;
  if (executable && (is_elf(file.content) || script_interpreter(file.content))) {
    return find_program_files(file.path);
  }
  ProgramFiles found;
  found.program = file.path;
  found.files.push_back(std::move(file));
  return found;
}

Result<ProgramFiles> find_program_files(const std::string& binary,
                                        const std::string& linker_cache) {
  ProgramFiles found;
  found.program = TRY(find_binary(binary));
  Closure closure(found, linker_cache);
  ProgramFile program = TRY(read_program_file(found.program));
  TRY(closure.add_program(std::move(program)));
  TRY(closure.add_libraries());
  return found;
}

} // namespace schedrig::kvm
