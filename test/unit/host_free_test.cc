// Tests that core headers refuse to compile behind PostgreSQL's, and compile alone.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

namespace {

const std::filesystem::path core_dir = std::filesystem::path(ARGO_SOURCE_DIR) / "core";

std::set<std::string> core_headers() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(core_dir))
    if (entry.path().extension() == ".h")
      names.insert(entry.path().filename());
  return names;
}

// Says whether this source compiles. -Wfatal-errors ends a refusal at its first line.
bool compiles(const std::string& source) {
  const auto file = std::filesystem::temp_directory_path() /
                    ("argo_host_free_" + std::to_string(getpid()) + ".cc");
  std::ofstream(file) << source;
  const std::string command = "${CXX:-c++} -std=c++20 -fsyntax-only -Wfatal-errors -I'" +
                              core_dir.string() + "' '" + file.string() + "' >/dev/null 2>&1";
  const bool ok = std::system(command.c_str()) == 0;
  std::filesystem::remove(file);
  return ok;
}

TEST(HostFree, HeadersCompileWithoutAHost) {
  std::string source;
  for (const std::string& name : core_headers())
    source += "#include \"" + name + "\"\n";
  ASSERT_NE(source, "");
  EXPECT_TRUE(compiles(source));
}

TEST(HostFree, EveryHeaderRefusesEveryHost) {
  for (const std::string& name : core_headers())
    for (const char* guard : {"POSTGRES_H", "LIBPQ_FE_H"})
      EXPECT_FALSE(compiles(std::string("#define ") + guard + "\n#include \"" + name + "\"\n"))
          << name << " behind " << guard;
}

}  // namespace
