// Where a command puts what it makes: a file that is written whole or not at all, or stdout.
#include "loader/output_file.h"

#include "core/error.h"
#include "core/text.h"
#include "loader/exit_code.h"
#include "loader/terminal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

namespace argo::loader {

namespace {

constexpr std::size_t kBufferBytes = 64UL * 1024;
constexpr std::size_t kShownBytes = 200;
constexpr unsigned int kNewFileMode = 0666;
constexpr unsigned int kModeBits = 0777;

std::string shown_path(const std::string& path) {
  return printable(path, kShownBytes);
}

Failure no_file(const std::string& path, int error) {
  return {ExitCode::kUsage, "58030",
          "could not make " + shown_path(path) + ": " + std::strerror(error),
          "Nothing was connected to or written.",
          "name a file in a directory that is there and that you may write to"};
}

// Says whether a path leads to stdout, such as /dev/stdout or the file it was sent to.
bool leads_to_stdout(const std::string& path) {
  if (path.empty() || path == "-")
    return true;
  struct stat named {};
  struct stat standard {};
  return stat(path.c_str(), &named) == 0 && fstat(STDOUT_FILENO, &standard) == 0 &&
         named.st_dev == standard.st_dev && named.st_ino == standard.st_ino;
}

// Returns the path behind all links.
std::string resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr),
                                                         std::free);
  return real ? real.get() : path;
}

// Returns the mode of a new file, as open() would give it.
unsigned int new_file_mode() {
  const mode_t mask = umask(0);
  umask(mask);
  return kNewFileMode & ~mask;
}

// Gives a file the mode of the one it replaces, and its owner and group as far as one may. A file
// system without them, such as a memory stick's, does without.
void take_after(int file, const struct stat& other) {
  if (fchown(file, other.st_uid, other.st_gid) != 0)
    (void)!fchown(file, static_cast<uid_t>(-1), other.st_gid);
  (void)fchmod(file, other.st_mode & kModeBits);
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : path_(path), is_stdout_(leads_to_stdout(path)) {
  if (is_stdout_)
    return;
  struct stat present {};
  if (stat(path_.c_str(), &present) != 0) {
    const int error = errno;
    // A link to what is not there, such as a disk that is away, is not to be replaced.
    if (lstat(path_.c_str(), &present) == 0)
      throw no_file(path_, error);
    open_beside(path_);
    (void)fchmod(file_, new_file_mode());
  } else if (S_ISREG(present.st_mode)) {
    if (access(path_.c_str(), W_OK) != 0)
      throw no_file(path_, errno);
    open_beside(resolved(path_));
    take_after(file_, present);
  } else {
    file_ = open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    // A pipe that nobody reads keeps it waiting until a signal.
    if (file_ < 0 && errno == EINTR)
      throw Cancelled();
    if (file_ < 0)
      throw no_file(path_, errno);
  }
}

OutputFile::~OutputFile() {
  if (file_ >= 0)
    close(file_);
  if (!beside_.empty())
    unlink(beside_.c_str());
}

void OutputFile::open_beside(const std::string& target) {
  std::string name = target + ".XXXXXX";
  file_ = mkostemp(name.data(), O_CLOEXEC);
  if (file_ < 0)
    throw no_file(path_, errno);
  target_ = target;
  beside_ = name;
}

bool OutputFile::write(std::string_view bytes) {
  waiting_ += bytes;
  bytes_ += static_cast<std::int64_t>(bytes.size());
  return waiting_.size() < kBufferBytes || flush();
}

bool OutputFile::flush() {
  const std::string text = std::move(waiting_);
  waiting_.clear();
  if (is_stdout_)
    return write_result(STDOUT_FILENO, text);
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = ::write(file_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0 && errno == EPIPE)
      return false;
    if (written <= 0)
      fail_to_write(written < 0 ? errno : ENOSPC);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void OutputFile::fail_to_write(int error) const {
  throw Failure(ExitCode::kInternal, "58030",
                "could not write " + shown_path(path_) + ": " + std::strerror(error),
                target_.empty() ? "What was written before stays." : "What was there is untouched.",
                "make room, or name another file");
}

void OutputFile::commit() {
  flush();
  if (beside_.empty())
    return;
  // Else a file of no bytes could stand there after a loss of power.
  if (fsync(file_) != 0 && errno != EINVAL)
    fail_to_write(errno);
  const int closed = close(file_);
  file_ = -1;
  if (closed != 0 || std::rename(beside_.c_str(), target_.c_str()) != 0)
    fail_to_write(errno);
  beside_.clear();
}

std::string OutputFile::directory() const {
  std::error_code error;
  const std::filesystem::path at = target_.empty()
                                       ? std::filesystem::temp_directory_path(error)
                                       : std::filesystem::absolute(target_, error).parent_path();
  return error || at.empty() ? "/tmp" : at.string();
}

}  // namespace argo::loader
