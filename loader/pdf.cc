// Makes a PDF of a page by a program that is installed for it.
#include "loader/pdf.h"

#include "core/host.h"
#include "core/text.h"
#include "loader/exit_code.h"
#include "loader/signals.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace argo::loader {

namespace {

namespace fs = std::filesystem;

constexpr char kWeasyprint[] = "weasyprint";
// The page is made to look right in a browser, which comes first where there are both.
constexpr std::array kPrograms = {"chromium", "chromium-browser", "google-chrome",
                                  "google-chrome-stable", kWeasyprint};
constexpr std::chrono::seconds kTimeout{60};
constexpr std::chrono::milliseconds kPollPause{20};
constexpr std::size_t kSaidBytes = 300;

// Returns the path of a program in a directory of PATH.
std::optional<std::string> find_program(std::string_view name) {
  const char* const set = std::getenv("PATH");
  std::istringstream directories(set == nullptr ? "/usr/local/bin:/usr/bin:/bin" : set);
  for (std::string directory; std::getline(directories, directory, ':');) {
    const fs::path path = fs::path(directory) / name;
    std::error_code error;
    if (path.is_absolute() && fs::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0)
      return path.string();
  }
  return std::nullopt;
}

// A directory that is gone with everything in it in the end.
class WorkDirectory {
 public:
  explicit WorkDirectory(const std::string& parent)
      : path_((fs::path(parent) / "argo-pdf.XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr)
      throw Failure(ExitCode::kInternal, "58030",
                    "could not make a directory for the PDF: " + std::string(std::strerror(errno)),
                    "No file was written.", "name a file where you may write for --pdf");
  }
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;
  ~WorkDirectory() {
    std::error_code error;
    fs::remove_all(path_, error);
  }

  std::string file(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// The address of a file for a browser.
std::string file_address(const std::string& path) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string address = "file://";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain =
        byte < 0x80 && (std::isalnum(byte) != 0 || std::strchr("/._-", c) != nullptr);
    address +=
        is_plain ? std::string(1, c) : std::string{'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
  return address;
}

// Returns the words that have a program print a page, which needs neither network nor profile.
std::vector<std::string> words_of(const std::string& program, const WorkDirectory& work) {
  const std::string page = work.file("page.html");
  const std::string pdf = work.file("page.pdf");
  if (fs::path(program).filename() == kWeasyprint)
    return {program, page, pdf};
  std::vector<std::string> words = {program,
                                    "--headless",
                                    "--disable-gpu",
                                    "--disable-dev-shm-usage",
                                    "--disable-background-networking",
                                    "--host-resolver-rules=MAP * ~NOTFOUND",
                                    "--no-first-run",
                                    "--user-data-dir=" + work.file("profile"),
                                    "--no-pdf-header-footer",
                                    "--print-to-pdf-no-header",
                                    "--print-to-pdf=" + pdf};
  // Chromium refuses to run as root otherwise; the page has no script and loads nothing.
  if (geteuid() == 0)
    words.emplace_back("--no-sandbox");
  words.push_back(file_address(page));
  return words;
}

// Returns what such a program needs of the environment, where what it keeps goes into `home`; what
// is secret in it is not among that.
std::vector<std::string> plain_environment(const std::string& home) {
  std::vector<std::string> variables = {"XDG_CONFIG_HOME=" + home, "XDG_CACHE_HOME=" + home};
  for (const char* name : {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR",
                           "XDG_RUNTIME_DIR", "FONTCONFIG_PATH", "FONTCONFIG_FILE"})
    if (const char* value = std::getenv(name))
      variables.push_back(std::string(name) + "=" + value);
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  all.reserve(words.size() + 1);
  for (std::string& word : words)
    all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

// Starts a program in a process group of its own, silent but for a log. Throws Failure.
pid_t start(std::vector<std::string> words, const WorkDirectory& work) {
  std::vector<std::string> variables = plain_environment(work.file("profile"));
  const std::string log = work.file("log");
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  posix_spawnattr_t attributes{};
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, words.front().c_str(), &actions, &attributes,
                                pointers(words).data(), pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    throw Failure(
        ExitCode::kInternal, "58030",
        "could not start " + printable(words.front(), kSaidBytes) + ": " + std::strerror(error),
        "No file was written.", "--html FILE instead of --pdf, and print it in a browser");
  return pid;
}

// Waits for a program and ends what it leaves behind. Returns its status; nothing where it took too
// long. Throws Cancelled.
std::optional<int> wait_for(pid_t pid) {
  const auto deadline = std::chrono::steady_clock::now() + kTimeout;
  int status = 0;
  bool has_ended = false;
  while (!has_ended && stop_signal() == 0 && std::chrono::steady_clock::now() < deadline) {
    has_ended = waitpid(pid, &status, WNOHANG) != 0;
    if (!has_ended)
      std::this_thread::sleep_for(kPollPause);
  }
  kill(-pid, SIGKILL);
  if (!has_ended)
    waitpid(pid, &status, 0);
  if (stop_signal() != 0)
    throw Cancelled();
  return has_ended ? std::optional(status) : std::nullopt;
}

// Writes the page, whole. Throws Failure.
void write_page(const std::string& path, const std::string& html) {
  std::ofstream out(path, std::ios::binary);
  out << html << std::flush;
  if (!out)
    throw Failure(ExitCode::kInternal, "58030",
                  "could not write " + printable(path, kSaidBytes) + ": " + std::strerror(errno),
                  "No file was written.", "make room, or name a file elsewhere for --pdf");
}

// Says whether a PDF is there from its first bytes to its last.
bool is_whole_pdf(const std::string& pdf) {
  constexpr char kEnd[] = "%%EOF";
  const std::size_t last = pdf.find_last_not_of(" \r\n");
  return pdf.starts_with("%PDF-") && last != std::string::npos &&
         pdf.substr(0, last + 1).ends_with(kEnd);
}

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

// The end of what a program said, where the reason mostly is.
std::string last_words(const std::string& log) {
  std::string text = contents(log);
  text.erase(text.find_last_not_of(" \n\r\t") + 1);
  const std::size_t line = text.find_last_of('\n');
  return printable(line == std::string::npos ? text : text.substr(line + 1), kSaidBytes);
}

}  // namespace

std::string find_pdf_program() {
  for (const char* name : kPrograms)
    if (const auto path = find_program(name))
      return *path;
  throw Failure(
      ExitCode::kConfiguration, sqlstate::kNotSetUp, "no program that makes PDFs is installed",
      "Neither chromium nor weasyprint is in PATH. Nothing was asked for or written.",
      "apt-get install chromium, or apt-get install weasyprint; or --html FILE instead of "
      "--pdf, and print it in a browser");
}

std::string pdf_of(const std::string& program, const std::string& html,
                   const std::string& directory) {
  const WorkDirectory work(directory);
  const std::string log = work.file("log");
  write_page(work.file("page.html"), html);
  const std::optional<int> status = wait_for(start(words_of(program, work), work));
  std::string pdf = contents(work.file("page.pdf"));
  if (status && WIFEXITED(*status) && WEXITSTATUS(*status) == 0 && is_whole_pdf(pdf))
    return pdf;
  const std::string said = last_words(log);
  throw Failure(ExitCode::kInternal, "58030", printable(program, kSaidBytes) + " made no PDF",
                (status ? std::string("It failed")
                        : "It was ended after " + std::to_string(kTimeout.count()) + " s") +
                    (said.empty() ? "." : ": " + said) + " No file was written.",
                "--html FILE instead of --pdf, and print it in a browser");
}

}  // namespace argo::loader
