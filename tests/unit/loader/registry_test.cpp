// SPDX-License-Identifier: MIT
// Loading: what gets in, what is refused, and how long it lives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/loader/registry.hpp"
#include "host/log/log.hpp"
#include "tests/unit/loader/test_files.hpp"

namespace schedrig::loader {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

// Collects what is logged while it lives.
class Lines final : public log::LineSink {
 public:
  Lines() { log::set_line_sink(this); }
  ~Lines() { log::set_line_sink(nullptr); }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  void on_line(LogLevel, std::string_view line) noexcept override { lines.emplace_back(line); }

  std::vector<std::string> lines;
};

class RegistryTest : public testing::Test {
 protected:
  Registry registry() const {
    return Registry(discover_plugins({{dir_.path(), SearchOrigin::kCommandLine}}));
  }
  void add(std::string_view plugin, std::string_view as = {}) const {
    fs::copy_file(test_plugin(plugin), dir_ / (std::string(as.empty() ? plugin : as) + ".so"));
  }
  Error load_error(std::string_view name, PluginKind kind = PluginKind::kScheduler) const {
    Registry plugins = registry();
    const auto loaded = plugins.load(name, kind);
    EXPECT_FALSE(loaded) << name;
    EXPECT_TRUE(plugins.loaded().empty());
    return loaded ? Error{} : loaded.error();
  }

  TempDir dir_;
};

TEST_F(RegistryTest, a_plugin_is_loaded_by_name) {
  add("sound");
  Registry plugins = registry();
  const auto loaded = plugins.load("sound", PluginKind::kScheduler);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ((*loaded)->id, "sound");
  EXPECT_EQ((*loaded)->descriptor->version, "1.2.3");
  EXPECT_EQ((*loaded)->path, dir_ / "sound.so");
  EXPECT_NE((*loaded)->plugin->query("schedrig.test/1"), nullptr);
  EXPECT_EQ((*loaded)->plugin->query("schedrig.test/2"), nullptr);
}

TEST_F(RegistryTest, a_plugin_is_loaded_by_path_whatever_its_file_is_called) {
  add("sound", "renamed");
  Registry plugins = registry();
  const auto loaded = plugins.load((dir_ / "renamed.so").string(), PluginKind::kScheduler);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ((*loaded)->id, "sound");
  EXPECT_EQ((*loaded)->origin, SearchOrigin::kExplicit);
}

TEST_F(RegistryTest, asking_again_gives_the_same_object) {
  add("sound");
  Registry plugins = registry();
  const auto first = plugins.load("sound", PluginKind::kScheduler);
  const auto second = plugins.load("sound", PluginKind::kScheduler);
  const auto by_path = plugins.load((dir_ / "sound.so").string(), PluginKind::kScheduler);
  ASSERT_TRUE(first && second && by_path);
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(*first, *by_path);
  EXPECT_EQ(plugins.loaded().size(), 1U);
  const auto as_backend = plugins.load("sound", PluginKind::kBackend);
  ASSERT_FALSE(as_backend);
  EXPECT_EQ(as_backend.error().code, StatusCode::kUnsupported);
}

TEST_F(RegistryTest, objects_are_destroyed_last_loaded_first) {
  add("sound");
  add("sound_backend");
  Lines log;
  {
    Registry plugins = registry();
    ASSERT_TRUE(plugins.load("sound_backend", PluginKind::kBackend));
    ASSERT_TRUE(plugins.load("sound", PluginKind::kScheduler));
    const Registry moved = std::move(plugins);
    EXPECT_EQ(moved.loaded().size(), 2U);
  }
  EXPECT_THAT(log.lines, ElementsAre(HasSubstr("info  plugin sound_backend: made"),
                                     HasSubstr("info  plugin sound: made"),
                                     HasSubstr("info  plugin sound: destroyed"),
                                     HasSubstr("info  plugin sound_backend: destroyed")));
}

TEST_F(RegistryTest, a_file_that_cannot_be_used_gives_the_reason_of_its_listing) {
  for (const char* name :
       {"other_major", "newer_minor", "other_hash", "other_sanitizer", "other_kind", "no_note"}) {
    add(name);
  }
  write_file(dir_ / "text.so", "hello");
  EXPECT_THAT(load_error("other_major").message, HasSubstr("abi_major"));
  EXPECT_THAT(load_error("newer_minor").message, HasSubstr("abi_minor"));
  EXPECT_THAT(load_error("other_hash").message, HasSubstr("abi_hash"));
  EXPECT_THAT(load_error("other_sanitizer").message, HasSubstr("sanitizers"));
  EXPECT_THAT(load_error("other_kind").message, HasSubstr("unknown kind"));
  EXPECT_THAT(load_error("no_note").message, HasSubstr(".note.schedrig"));
  EXPECT_THAT(load_error("text").message, HasSubstr("not an ELF"));
  // By its path a file is judged in the same way.
  EXPECT_THAT(load_error(test_plugin("other_major").string()).message, HasSubstr("abi_major"));
}

TEST_F(RegistryTest, another_kind_than_asked_for_is_refused) {
  add("sound_backend");
  const Error error = load_error("sound_backend", PluginKind::kScheduler);
  EXPECT_EQ(error.code, StatusCode::kUnsupported);
  EXPECT_THAT(error.message, HasSubstr("is a backend plugin, a scheduler was asked for"));
}

TEST_F(RegistryTest, plugins_that_fail_in_the_probe_never_get_into_this_process) {
  for (const char* name : {"no_entry", "unresolved", "crash_static", "exit_static", "throw_create",
                           "leak_exception", "create_nothing", "bad_descriptor"}) {
    add(name);
  }
  EXPECT_THAT(load_error("no_entry").message, HasSubstr("no entry function"));
  EXPECT_THAT(load_error("unresolved").message, HasSubstr("undefined symbol"));
  EXPECT_THAT(load_error("crash_static").message, HasSubstr("SIGABRT"));
  EXPECT_THAT(load_error("exit_static").message, HasSubstr("exit code 7"));
  EXPECT_THAT(load_error("throw_create").message, HasSubstr("no luck today"));
  EXPECT_THAT(load_error("leak_exception").message, HasSubstr("SIGABRT"));
  EXPECT_THAT(load_error("create_nothing").message, HasSubstr("no object"));
  EXPECT_THAT(load_error("bad_descriptor").message, HasSubstr("broken descriptor"));
}

TEST_F(RegistryTest, a_file_that_is_not_called_like_its_plugin_is_refused) {
  add("sound", "other");
  EXPECT_THAT(load_error("other").message, HasSubstr("the plugin calls itself 'sound'"));
}

TEST_F(RegistryTest, a_duplicate_id_is_refused_and_both_files_are_named) {
  add("sound");
  Registry plugins = registry();
  ASSERT_TRUE(plugins.load("sound", PluginKind::kScheduler));
  const auto twin = plugins.load(test_plugin("sound_twin").string(), PluginKind::kScheduler);
  ASSERT_FALSE(twin);
  EXPECT_EQ(twin.error().code, StatusCode::kAlreadyExists);
  EXPECT_THAT(twin.error().message,
              AllOf(HasSubstr("sound_twin.so"), HasSubstr("plugin id 'sound' is taken by"),
                    HasSubstr((dir_ / "sound.so").string())));
}

TEST_F(RegistryTest, the_same_file_by_two_paths_is_refused) {
  add("sound");
  Registry plugins = registry();
  ASSERT_TRUE(plugins.load("sound", PluginKind::kScheduler));
  fs::create_symlink("sound.so", dir_ / "link.so");
  const auto again = plugins.load((dir_ / "link.so").string(), PluginKind::kScheduler);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, StatusCode::kAlreadyExists);
  EXPECT_THAT(again.error().message, HasSubstr("the same file is loaded as"));
}

TEST_F(RegistryTest, a_file_that_vanished_after_discovery_is_its_own_error) {
  add("sound");
  Registry plugins = registry();
  fs::remove(dir_ / "sound.so");
  const auto loaded = plugins.load("sound", PluginKind::kScheduler);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, StatusCode::kNotFound);
  EXPECT_THAT(loaded.error().message, HasSubstr("plugin file vanished after it was listed"));
}

TEST_F(RegistryTest, a_file_that_was_replaced_after_discovery_is_judged_anew) {
  add("sound");
  Registry plugins = registry();
  fs::remove(dir_ / "sound.so");
  add("other_major", "sound");
  const auto loaded = plugins.load("sound", PluginKind::kScheduler);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("abi_major is 77"));
}

TEST_F(RegistryTest, an_unknown_name_gets_the_nearest_one_and_the_directories) {
  add("sound");
  const Error error = load_error("sond");
  EXPECT_EQ(error.code, StatusCode::kNotFound);
  EXPECT_THAT(error.message, HasSubstr(dir_.path().string()));
  EXPECT_THAT(error.help, HasSubstr("did you mean \"sound\"?"));
}

TEST_F(RegistryTest, the_installations_own_plugins_are_loaded_without_a_probe) {
  add("sound");
  Lines log;
  Registry plugins(discover_plugins({{dir_.path(), SearchOrigin::kInstallation}}));
  const auto loaded = plugins.load("sound", PluginKind::kScheduler);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_THAT(log.lines, ElementsAre(HasSubstr("plugin sound: made")));
}

} // namespace
} // namespace schedrig::loader
