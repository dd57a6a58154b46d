// SPDX-License-Identifier: MIT
#include "tests/lab/payload_run.hpp"

#include <fstream>
#include <iterator>

#include "host/json/text.hpp"

namespace schedrig::lab {
namespace {

namespace fs = std::filesystem;

// 16 MiB above the kernel map's start: where x86-64 kernels are linked to.
constexpr const char* kIsAtItsLinkAddress =
    "while read -r address type name more; do\n"
    "  if [ \"$name\" = _text ]; then text=$address; break; fi\n"
    "done < /proc/kallsyms\n"
    "[ \"$text\" = ffffffff81000000 ]";

std::string good_if(const std::string& condition) {
  return condition + " && echo good: 1 || echo good: 0, _text at $text\n";
}

std::string text_at(const json::Value* object, const char* key) {
  const json::Value* value = object == nullptr ? nullptr : object->find(key);
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  return text == nullptr ? "none" : *text;
}

} // namespace

std::string payload_config(const std::string& program, const std::string& checks) {
  return R"(schema = 1
[run]
name = "payload"
backend = "kvm"
[machine]
topology = "1n1l2c1t"
[[payload]]
name = "script"
binary = ")" +
         program + R"("
output = "lines"
gate = true
checks = [ )" +
         checks + R"( ]
[[step]]
name = "one"
[[step.op]]
kind = "run_payload"
payload = "script"
[[step.op]]
kind = "wait_payload"
name = "script"
timeout = "60s"
)";
}

fs::path write_script_run(const fs::path& dir, const std::string& commands) {
  const fs::path script = dir / "script";
  std::ofstream(script) << "#!/bin/sh\n" << commands;
  fs::permissions(script, fs::perms::owner_all);
  const fs::path config = dir / "payload.toml";
  std::ofstream(config) << payload_config(script.string(), "{ metric = \"good\", equals = 1 }");
  return config;
}

std::string good_at_link_address() {
  return good_if(kIsAtItsLinkAddress);
}

std::string good_elsewhere() {
  return good_if(std::string("! { ") + kIsAtItsLinkAddress + "; }");
}

MachineFacts machine_facts(const fs::path& report) {
  const auto document = json::parse(text_of(report), "report");
  const json::Value* root = document ? &*document : nullptr;
  const json::Value* machine = root == nullptr ? nullptr : root->find("machine");
  return {text_at(root, "start"), text_at(machine, "kernel.image_format"),
          text_at(machine, "kernel.kaslr")};
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace schedrig::lab
