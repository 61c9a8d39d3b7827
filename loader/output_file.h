// Where a command puts what it makes: a file that is written whole or not at all, or stdout.
#ifndef ARGO_LOADER_OUTPUT_FILE_H_
#define ARGO_LOADER_OUTPUT_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace argo::loader {

class OutputFile {
 public:
  // Makes a file beside `path` that takes its place by commit(); an empty path or "-" stands for
  // stdout. A pipe or a device is written to as it is. Throws Failure where no file can be made.
  explicit OutputFile(const std::string& path);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  // Appends bytes. Returns false where nobody reads any more. Throws Failure where they do not fit.
  bool write(std::string_view bytes);

  // Writes what waits, and puts the file in its place. Throws Failure.
  void commit();

  const std::string& path() const { return path_; }
  std::int64_t bytes() const { return bytes_; }

  // Says whether it is stdout, under whichever name, where nothing else may come in between.
  bool is_stdout() const { return is_stdout_; }

  // Returns the directory that the file will be in, or one for passing files.
  std::string directory() const;

 private:
  void open_beside(const std::string& target);
  bool flush();
  [[noreturn]] void fail_to_write(int error) const;

  std::string path_;
  bool is_stdout_;
  std::string target_;  // what is replaced; empty: nothing
  std::string beside_;  // what is written meanwhile; empty: `path_` itself
  std::string waiting_;
  std::int64_t bytes_ = 0;
  int file_ = -1;
};

}  // namespace argo::loader

#endif  // ARGO_LOADER_OUTPUT_FILE_H_
