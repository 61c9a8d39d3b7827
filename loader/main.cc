// argo-loader: Argo for hosts where its extension cannot be installed.
#include "loader/connection.h"
#include "loader/exit_code.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace {

using argo::loader::Connection;
using argo::loader::ExitCode;
using argo::loader::Failure;

// The connection string comes from the environment only: arguments are visible to every user.
std::string database_url() {
  const char* url = std::getenv("DATABASE_URL");
  if (url == nullptr || *url == '\0') {
    throw Failure(ExitCode::kConfiguration, argo::sqlstate::kNotSetUp, "DATABASE_URL is not set",
                  "it says which database to connect to",
                  "export DATABASE_URL=postgresql://user:password@host/database");
  }
  return url;
}

void ping() {
  std::cout << Connection(database_url()).describe() << '\n';
}

// Prints an error as psql would.
void print(const argo::Error& error) {
  std::cerr << "ERROR:  " << error.message() << '\n';
  if (!error.detail().empty()) {
    std::cerr << "DETAIL:  " << error.detail() << '\n';
  }
  if (!error.hint().empty()) {
    std::cerr << "HINT:  " << error.hint() << '\n';
  }
}

ExitCode run(int argc, char** argv) {
  CLI::App app("Ingests Eniscope readings into the PostgreSQL database of DATABASE_URL.",
               "argo-loader");
  app.set_version_flag("--version", "argo-loader " ARGO_VERSION);
  app.require_subcommand(1);
  app.add_subcommand("ping", "Connects to the database and says which it is")->callback(ping);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? ExitCode::kComplete : ExitCode::kUsage;
  }
  return ExitCode::kComplete;
}

}  // namespace

int main(int argc, char** argv) {
  ExitCode exit_code = ExitCode::kInternal;
  try {
    exit_code = run(argc, argv);
  } catch (const Failure& failure) {
    print(failure);
    exit_code = failure.exit_code();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ERROR:  %s\n", error.what());
  }
  return static_cast<int>(exit_code);
}
