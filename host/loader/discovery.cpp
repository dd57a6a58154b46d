// SPDX-License-Identifier: MIT
#include "host/loader/discovery.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include <schedrig/linked_plugin.hpp>

#include "host/loader/compatibility.hpp"
#include "host/text/nearest.hpp"

namespace schedrig::loader {

namespace fs = std::filesystem;

namespace {

// A directory with more is not a plugin directory but somebody's /usr/lib.
constexpr std::size_t kMaxFilesPerDirectory = 1024;

struct SeenFile {
  FileIdentity identity;
  fs::path path;
};

// In a build tree the executable's prefix holds CMake's cache, and one command rebuilds its own
// plugins; an installed prefix is where find_package finds the SDK.
RebuildAdvice rebuild_advice(SearchOrigin origin) {
  const fs::path plugins = installation_plugin_directory(); // PREFIX/lib/schedrig/plugins
  const fs::path prefix = plugins.parent_path().parent_path().parent_path();
  std::error_code ignored;
  return {.sdk_prefix = prefix,
          .own_build_tree = origin == SearchOrigin::kInstallation &&
                            fs::exists(prefix / "CMakeCache.txt", ignored)};
}

Result<> check_fits(const fs::path& path, SearchOrigin origin, const AbiNote& note) {
  const std::vector<FieldDifference> differences = compare_abi(note, host_abi_note());
  if (!differences.empty()) {
    return std::unexpected(abi_refusal(path, differences, rebuild_advice(origin)));
  }
  if (!is_known_kind(note.kind)) {
    return fail(StatusCode::kUnsupported, path.string() + ": a plugin of " +
                                              plugin_kind_name(note.kind) +
                                              ", this schedrig has backends and schedulers");
  }
  return {};
}

// At most one more than kMaxFilesPerDirectory, sorted: the file system's order is of no meaning.
std::vector<fs::path> shared_objects(const fs::path& directory, std::error_code& error) {
  std::vector<fs::path> files;
  fs::directory_iterator it(directory, error);
  while (!error && it != fs::directory_iterator() && files.size() <= kMaxFilesPerDirectory) {
    if (it->path().extension() == ".so") {
      files.push_back(it->path());
    }
    it.increment(error);
  }
  std::ranges::sort(files);
  return files;
}

// Whether a listing before this one has its name; then this one is shadowed.
bool is_shadowed(PluginListing& listing, const std::vector<PluginListing>& before) {
  const auto first = std::ranges::find(before, listing.name, &PluginListing::name);
  if (first == before.end()) {
    return false;
  }
  listing.state = ListingState::kShadowed;
  listing.reason = {StatusCode::kAlreadyExists,
                    listing.path.string() + ": shadowed by " + first->path.string() +
                        ", which comes first",
                    {},
                    0};
  return true;
}

PluginListing list_file(const fs::path& path, SearchOrigin origin,
                        const std::vector<PluginListing>& before, std::vector<SeenFile>& seen) {
  PluginListing listing;
  listing.name = path.stem().string();
  listing.path = path;
  listing.origin = origin;
  const auto refuse = [&](Error reason) {
    listing.state = ListingState::kRefused;
    listing.reason = std::move(reason);
  };
  Result<PluginFile> file = read_plugin_file(path);
  if (file) {
    listing.note = file->note;
  }
  if (is_shadowed(listing, before)) {
    return listing;
  }
  if (!file) {
    refuse(std::move(file).error());
    return listing;
  }
  const auto same = std::ranges::find(seen, file->identity, &SeenFile::identity);
  if (same != seen.end()) {
    refuse({StatusCode::kAlreadyExists, path.string() + ": the same file as " + same->path.string(),
            "a plugin has one name: remove the link", 0});
    return listing;
  }
  seen.push_back({file->identity, path});
  if (Result<> fits = check_fits(path, origin, file->note); !fits) {
    refuse(std::move(fits).error());
  }
  return listing;
}

void list_directory(const SearchDirectory& directory, Discovery& discovery,
                    std::vector<SeenFile>& seen) {
  std::error_code error;
  std::vector<fs::path> files = shared_objects(directory.path, error);
  DirectoryListing& listing = discovery.directories.emplace_back(DirectoryListing{directory, {}});
  const bool may_be_missing = directory.origin == SearchOrigin::kInstallation;
  if (error && !(may_be_missing && error == std::errc::no_such_file_or_directory)) {
    listing.problem =
        fail_errno(error.value(), "read plugin directory " + directory.path.string() +
                                      ", given by " +
                                      std::string(search_origin_name(directory.origin)))
            .error();
  }
  if (files.size() > kMaxFilesPerDirectory) {
    files.resize(kMaxFilesPerDirectory);
    listing.problem =
        Error{StatusCode::kInvalidArgument,
              "plugin directory " + directory.path.string() + " holds more than " +
                  std::to_string(files.size()) + " shared objects, the rest is ignored",
              "keep plugins in a directory of their own", 0};
  }
  for (const fs::path& file : files) {
    discovery.listings.push_back(list_file(file, directory.origin, discovery.listings, seen));
  }
}

// What is linked into this executable stands where its own plugins' files would.
void list_linked(const SearchDirectory& directory, Discovery& discovery) {
  std::vector<PluginListing> linked;
  for (const LinkedPlugin* one = LinkedPlugin::first(); one != nullptr; one = one->next()) {
    const PluginDescriptor& descriptor = one->descriptor();
    PluginListing& listing = linked.emplace_back();
    listing.name = descriptor.id;
    listing.path = directory.path / listing.name;
    listing.origin = directory.origin;
    listing.note = make_abi_note(static_cast<std::uint32_t>(descriptor.kind));
    listing.linked = &descriptor;
  }
  std::ranges::sort(linked, {}, &PluginListing::name);
  for (PluginListing& listing : linked) {
    (void)is_shadowed(listing, discovery.listings);
    discovery.listings.push_back(std::move(listing));
  }
}

} // namespace

Discovery discover_plugins(const std::vector<SearchDirectory>& search_path) {
  Discovery discovery;
  std::vector<SeenFile> seen_files;
  std::vector<FileIdentity> seen_directories;
  for (const SearchDirectory& directory : search_path) {
    if (const Result<FileIdentity> identity = file_identity(directory.path)) {
      if (std::ranges::find(seen_directories, *identity) != seen_directories.end()) {
        continue;
      }
      seen_directories.push_back(*identity);
    }
    list_directory(directory, discovery, seen_files);
    if (directory.origin == SearchOrigin::kInstallation) {
      list_linked(directory, discovery);
    }
  }
  return discovery;
}

Result<PluginFile> read_fitting_plugin(const fs::path& path, SearchOrigin origin) {
  PluginFile file = TRY(read_plugin_file(path));
  TRY(check_fits(path, origin, file.note));
  return file;
}

Error plugin_not_found(const Discovery& discovery, std::string_view name, PluginKind kind) {
  const auto kind_number = static_cast<std::uint32_t>(kind);
  std::string message = "no " + plugin_kind_name(kind_number) + " plugin '" + std::string(name) +
                        "'; searched " + (discovery.directories.empty() ? "nothing" : "");
  for (const DirectoryListing& listing : discovery.directories) {
    message +=
        (&listing == &discovery.directories.front() ? "" : ", ") + listing.directory.path.string();
    if (listing.problem && listing.problem->os_errno != 0) {
      message += " (" + std::system_category().message(listing.problem->os_errno) + ")";
    }
  }
  std::vector<std::string_view> names;
  for (const PluginListing& listing : discovery.listings) {
    if (listing.state == ListingState::kUsable && listing.note &&
        listing.note->kind == kind_number) {
      names.push_back(listing.name);
    }
  }
  return {StatusCode::kNotFound, std::move(message),
          text::suggest(name, names, plugin_kind_name(kind_number) + " plugins"), 0};
}

} // namespace schedrig::loader
