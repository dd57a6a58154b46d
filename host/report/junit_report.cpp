// SPDX-License-Identifier: MIT
#include "host/report/junit_report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>

#include <pugixml.hpp>

#include "host/report/cases.hpp"
#include "host/report/xml_text.hpp"

namespace schedrig::report {
namespace {

using engine::RunReport;
using engine::Verdict;

void set(pugi::xml_node node, const char* name, std::string_view value) {
  node.append_attribute(name).set_value(xml_text(value).c_str());
}

std::string seconds(std::int64_t nanoseconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6f", static_cast<double>(nanoseconds) / 1e9);
  return text.data();
}

// The element that says that a case is no pass; JUnit has no inconclusive: it is an error.
const char* outcome(const Case& one) {
  if (one.expected || one.verdict == Verdict::kSkip) {
    return "skipped";
  }
  if (one.verdict == Verdict::kPass) {
    return nullptr;
  }
  return one.verdict == Verdict::kFail ? "failure" : "error";
}

void count(pugi::xml_node node, const std::vector<Case>& cases, std::int64_t duration) {
  const auto of = [&](std::string_view wanted) {
    return std::to_string(std::ranges::count_if(cases, [&](const Case& one) {
      const char* name = outcome(one);
      return name != nullptr && name == wanted;
    }));
  };
  set(node, "tests", std::to_string(cases.size()));
  set(node, "failures", of("failure"));
  set(node, "errors", of("error"));
  set(node, "skipped", of("skipped"));
  set(node, "time", seconds(duration));
}

void add_property(pugi::xml_node properties, const char* name, std::string_view value) {
  pugi::xml_node property = properties.append_child("property");
  set(property, "name", name);
  set(property, "value", value);
}

void add_properties(pugi::xml_node suite, const RunReport& report, std::string_view reproduce) {
  pugi::xml_node properties = suite.append_child("properties");
  add_property(properties, "config", report.config);
  add_property(properties, "backend", report.backend);
  add_property(properties, "scheduler", report.scheduler);
  add_property(properties, "topology", report.topology);
  add_property(properties, "seed", std::to_string(report.seed));
  for (const auto& [key, fact] : report.machine) {
    if (key == "kernel.release") {
      add_property(properties, "kernel", fact);
    }
  }
  add_property(properties, "reproduce", reproduce);
}

void add_case(pugi::xml_node suite, const Case& one, const std::string& run) {
  pugi::xml_node element = suite.append_child("testcase");
  set(element, "classname", run + "." + one.group);
  set(element, "name", one.name);
  set(element, "time", seconds(one.duration_ns));
  const char* name = outcome(one);
  if (name == nullptr) {
    if (!one.details.empty()) {
      element.append_child("system-out").text().set(xml_text(one.details).c_str());
    }
    return;
  }
  pugi::xml_node why = element.append_child(name);
  set(why, "message", (one.expected ? "fails as expected: " : "") + one.message);
  if (!one.expected && one.verdict != Verdict::kSkip) {
    set(why, "type", engine::to_string(one.verdict));
    why.text().set(xml_text(one.message + "\n" + one.details).c_str());
  }
}

} // namespace

std::string junit_report(const RunReport& report, std::string_view reproduce) {
  const std::vector<Case> cases = cases_of(report);
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  set(declaration, "version", "1.0");
  set(declaration, "encoding", "UTF-8");
  pugi::xml_node root = document.append_child("testsuites");
  set(root, "name", "schedrig");
  count(root, cases, duration_ns(report));
  pugi::xml_node suite = root.append_child("testsuite");
  set(suite, "name", report.name);
  count(suite, cases, duration_ns(report));
  add_properties(suite, report, reproduce);
  for (const Case& one : cases) {
    add_case(suite, one, report.name);
  }
  std::ostringstream text;
  document.save(text, "  ", pugi::format_indent, pugi::encoding_utf8);
  return text.str();
}

} // namespace schedrig::report
