// SPDX-License-Identifier: MIT
// All three scripts work alike: the words before the cursor give the command ("schedrig lab run"),
// the command gives what may follow; where none of that fits, file names do.
#include "host/cli/completions.hpp"

#include <algorithm>
#include <vector>

namespace schedrig::cli {
namespace {

struct Candidate {
  std::string word;
  std::string doc;
};

struct Command {
  std::string path; // "schedrig lab run"
  std::vector<Candidate> candidates;
};

// A line that stands in single quotes in a script, and in zsh's NAME:DOC.
std::string plain(std::string text) {
  std::erase_if(text, [](char c) { return c == '\'' || c == '\\' || c == '\n'; });
  std::ranges::replace(text, ':', ' ');
  return text;
}

void add_options(const CLI::App& app, std::vector<Candidate>& to) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      to.push_back({"--" + name, plain(option->get_description())});
    }
  }
}

std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// `globals`: the options that hold for every command.
void collect(const CLI::App& app, const std::string& path, const std::vector<Candidate>& globals,
             std::vector<Command>& to) {
  Command command{.path = path, .candidates = {}};
  for (const CLI::App* verb : verbs_of(app)) {
    command.candidates.push_back({verb->get_name(), plain(verb->get_description())});
  }
  if (app.get_parent() != nullptr) {
    add_options(app, command.candidates);
  }
  for (const Candidate& global : globals) {
    if (std::ranges::find(command.candidates, global.word, &Candidate::word) ==
        command.candidates.end()) {
      command.candidates.push_back(global);
    }
  }
  to.push_back(std::move(command));
  for (const CLI::App* verb : verbs_of(app)) {
    collect(*verb, path + " " + verb->get_name(), globals, to);
  }
}

// Every command but the root, each quoted, with `separator` between them.
std::string paths(const std::vector<Command>& commands, std::string_view separator) {
  std::string text;
  for (const Command& command : commands) {
    if (command.path.find(' ') != std::string::npos) {
      text += (text.empty() ? "" : std::string(separator)) + "'" + command.path + "'";
    }
  }
  return text;
}

std::string bash(const std::vector<Command>& commands) {
  std::string text = "# bash completion of schedrig: source this file\n"
                     "_schedrig() {\n"
                     "  local at=schedrig words='' word\n"
                     "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
                     "    case \"$at $word\" in\n"
                     "      " +
                     paths(commands, " | ") +
                     ") at=\"$at $word\" ;;\n"
                     "    esac\n"
                     "  done\n"
                     "  case \"$at\" in\n";
  for (const Command& command : commands) {
    text += "    '" + command.path + "') words='";
    for (const Candidate& candidate : command.candidates) {
      text += candidate.word + " ";
    }
    text += "' ;;\n";
  }
  return text + "  esac\n"
                "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
                "}\n"
                "complete -o bashdefault -o default -F _schedrig schedrig\n";
}

std::string zsh(const std::vector<Command>& commands) {
  std::string text = "#compdef schedrig\n"
                     "# zsh completion of schedrig: put this file into $fpath as _schedrig\n"
                     "_schedrig() {\n"
                     "  local at=schedrig word\n"
                     "  local -a candidates\n"
                     "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
                     "    case \"$at $word\" in\n"
                     "      (" +
                     paths(commands, "|") +
                     ") at=\"$at $word\" ;;\n"
                     "    esac\n"
                     "  done\n"
                     "  case \"$at\" in\n";
  for (const Command& command : commands) {
    text += "    ('" + command.path + "') candidates=(\n";
    for (const Candidate& candidate : command.candidates) {
      text += "      '" + candidate.word + ":" + candidate.doc + "'\n";
    }
    text += "    ) ;;\n";
  }
  return text + "  esac\n"
                "  _describe 'schedrig' candidates || _files\n"
                "}\n"
                "compdef _schedrig schedrig\n";
}

std::string fish(const std::vector<Command>& commands) {
  std::string text = "# fish completion of schedrig: put this file into "
                     "~/.config/fish/completions/schedrig.fish\n"
                     "function __schedrig_at\n"
                     "  set -l at schedrig\n"
                     "  for word in (commandline -opc)[2..-1]\n"
                     "    switch \"$at $word\"\n"
                     "      case " +
                     paths(commands, " ") +
                     "\n"
                     "        set at \"$at $word\"\n"
                     "    end\n"
                     "  end\n"
                     "  test \"$at\" = \"$argv[1]\"\n"
                     "end\n";
  for (const Command& command : commands) {
    for (const Candidate& candidate : command.candidates) {
      const bool option = candidate.word.starts_with("--");
      text += "complete -c schedrig -n '__schedrig_at \"" + command.path + "\"' " +
              (option ? "-l " + candidate.word.substr(2) : "-a " + candidate.word) + " -d '" +
              candidate.doc + "'\n";
    }
  }
  return text;
}

} // namespace

std::string completion_script(const CLI::App& app, std::string_view shell) {
  std::vector<Candidate> globals;
  add_options(app, globals);
  std::vector<Command> commands;
  collect(app, "schedrig", globals, commands);
  return shell == "bash"   ? bash(commands)
         : shell == "zsh"  ? zsh(commands)
         : shell == "fish" ? fish(commands)
                           : "";
}

} // namespace schedrig::cli
